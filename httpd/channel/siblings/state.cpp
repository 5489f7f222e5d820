// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/siblings/state.hpp>

#include <perron/httpd/channel/siblings/fields.hpp>

#include <utility>

namespace perron::httpd {

template <class Bytes, maybe_const<topic_life> T>
void fields(Bytes& b, T& v) {
  b(v.life);
  b(v.node);
}
template <class Bytes, maybe_const<topic_state> T>
void fields(Bytes& b, T& v) {
  b(v.place);
  b(v.newest);
  b(v.settled);
  b(v.records);
  b(v.origins);
  b(v.members);
  b(v.generations);
  b(v.lives);
}
template <class Bytes, maybe_const<topic_receipt> T>
void fields(Bytes& b, T& v) {
  b(v.at);
  b(v.repeated);
  b(v.refused);
  b(v.later);
}

namespace topic_questions {

template <class Bytes, maybe_const<standing> T>
void fields(Bytes& b, T& v) {
  b(v.topic);
  b(v.place);
}
template <class Bytes, maybe_const<state> T>
void fields(Bytes& b, T& v) {
  b(v.topic);
  b(v.place);
}
template <class Bytes, maybe_const<publish> T>
void fields(Bytes& b, T& v) {
  b(v.topic);
  b(v.origin);
  b(v.data);
}
template <class Bytes, maybe_const<start> T>
void fields(Bytes& b, T& v) {
  b(v.topic);
}
template <class Bytes, maybe_const<load> T>
void fields(Bytes& b, T& v) {
  b(v.topic);
  b(v.behind);
  b(v.most);
}
template <class Bytes, maybe_const<records> T>
void fields(Bytes& b, T& v) {
  b(v.error);
  b(v.found);
}

} // namespace topic_questions

namespace {

template <class T>
std::string bytes_of(const T& what) {
  std::string out;
  byte_writer{out}(what);
  return out;
}

template <class T>
std::optional<T> read_whole(std::string_view bytes) {
  std::optional<T> out(std::in_place);
  byte_reader read(bytes);
  read(*out);
  if (!read.ok_at_end())
    out.reset();
  return out;
}

} // namespace

std::string encode(const topic_state& what) { return bytes_of(what); }
std::string encode(const topic_questions::records& what) { return bytes_of(what); }
std::string encode(const topic_receipt& what) { return bytes_of(what); }
std::string encode(const topic_question& what) { return encode_alternative(what); }

std::optional<topic_state> decode_topic_state(std::string_view bytes) {
  auto out = read_whole<topic_state>(bytes);
  if (!out || out->newest.epoch == 0 || out->records.size() > out->newest.id)
    return std::nullopt;
  std::uint64_t number = out->newest.id - out->records.size();
  for (const topic_record& each : out->records)
    if (each.id != ++number)
      return std::nullopt;
  return out;
}

std::optional<topic_question> decode_topic_question(std::string_view bytes) {
  return decode_alternative<topic_question>(bytes);
}
std::optional<topic_questions::records> decode_records(std::string_view bytes) {
  return read_whole<topic_questions::records>(bytes);
}
std::optional<topic_receipt> decode_receipt(std::string_view bytes) {
  return read_whole<topic_receipt>(bytes);
}

} // namespace perron::httpd
