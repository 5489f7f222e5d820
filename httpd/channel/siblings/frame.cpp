// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/siblings/frame.hpp>

#include <perron/httpd/channel/siblings/fields.hpp>

namespace perron::httpd {
namespace topic_frames {

template <class Bytes, maybe_const<began> T>
void fields(Bytes& b, T& v) {
  b(v.life);
  b(v.node);
}
template <class Bytes, maybe_const<over> T>
void fields(Bytes& b, T& v) {
  b(v.life);
}
template <class Bytes, maybe_const<publish> T>
void fields(Bytes& b, T& v) {
  b(v.life);
  b(v.serial);
  b(v.at_ms);
  b(v.origin);
  b(v.data);
}
template <class Bytes, maybe_const<kept> T>
void fields(Bytes& b, T& v) {
  b(v.epoch);
  b(v.record);
}
template <class Bytes, maybe_const<head> T>
void fields(Bytes& b, T& v) {
  b(v.epoch);
  b(v.last);
}
template <class Bytes, maybe_const<join> T>
void fields(Bytes& b, T& v) {
  b(v.who);
  b(v.client);
  b(v.member);
}
template <class Bytes, maybe_const<leave> T>
void fields(Bytes& b, T& v) {
  b(v.who);
}
template <class Bytes, maybe_const<lost> T>
void fields(Bytes& b, T& v) {
  b(v.who);
}
template <class Bytes, maybe_const<gone> T>
void fields(Bytes& b, T& v) {
  b(v.key);
  b(v.generation);
}

} // namespace topic_frames

std::string encode(const topic_frame& what) { return encode_alternative(what); }

std::optional<topic_frame> decode_topic_frame(std::string_view bytes) {
  return decode_alternative<topic_frame>(bytes);
}

} // namespace perron::httpd
