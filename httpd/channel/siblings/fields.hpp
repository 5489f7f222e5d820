// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/entry.hpp>
#include <perron/httpd/channel/origins.hpp>
#include <perron/httpd/channel/presence.hpp>
#include <perron/httpd/channel/siblings/bytes.hpp>

#include <concepts>
#include <type_traits>

/// How what topics are made of is written as bytes (bytes.hpp). Included by sources only.
namespace perron::httpd {

/// T or const T: a reader fills in what a writer only looks at.
template <class T, class What>
concept maybe_const = std::same_as<std::remove_const_t<T>, What>;

template <class Bytes, maybe_const<topic_origin> T>
void fields(Bytes& b, T& v) {
  b(v.from);
  b(v.number);
}
template <class Bytes, maybe_const<topic_record> T>
void fields(Bytes& b, T& v) {
  b(v.id);
  b(v.at_ms);
  b(v.origin);
  b(v.data);
}
template <class Bytes, maybe_const<topic_cursor> T>
void fields(Bytes& b, T& v) {
  b(v.epoch);
  b(v.id);
}
template <class Bytes, maybe_const<presence_member> T>
void fields(Bytes& b, T& v) {
  b(v.key);
  b(v.meta);
}
template <class Bytes, maybe_const<presence_holder> T>
void fields(Bytes& b, T& v) {
  b(v.serial);
  b(v.life);
}
template <class Bytes, maybe_const<presence_table::kept> T>
void fields(Bytes& b, T& v) {
  b(v.who);
  b(v.client);
  b(v.holders);
  b(v.generation);
}
template <class Bytes, maybe_const<origin_table::kept> T>
void fields(Bytes& b, T& v) {
  b(v.origin);
  b(v.id);
}

} // namespace perron::httpd
