// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>
#include <perron/httpd/program/config/keys.hpp>
#include <perron/httpd/program/config/reader.hpp>
#include <perron/httpd/program/config/words.hpp>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The kinds of values that keys have: each gives the codec for a member of a struct. The same kind reads,
/// complains, prints and is documented alike wherever it is.
namespace perron::httpd::program {

/// How a codec reaches a member of whatever struct it is in.
template <class T>
using access_to = std::function<T&(void*)>;

template <class Object, class T>
access_to<T> access(T Object::*member) {
  return [member](void* object) -> T& { return static_cast<Object*>(object)->*member; };
}

/// A whole number, whatever its type.
struct number_access {
  std::function<void(void*, std::uint64_t)> set;
  std::function<std::uint64_t(const void*)> get;
};

template <class Object, class Int>
number_access number(Int Object::*member) {
  return {[member](void* object, std::uint64_t value) {
            static_cast<Object*>(object)->*member = static_cast<Int>(value);
          },
          [member](const void* object) {
            return static_cast<std::uint64_t>(static_cast<const Object*>(object)->*member);
          }};
}

namespace values {

enum class path_kind : std::uint8_t {
  file,     ///< must be there
  folder,   ///< must be there
  new_file, ///< is made; its folder must be there
  runtime,  ///< is made, its folder perhaps as well
  output,   ///< new_file, "stdout", "stderr" or "off"
  log,      ///< output or "syslog"
};

constexpr std::uint64_t largest = std::uint64_t(1) << 53;

value_codec flag(access_to<bool> to);
value_codec count(number_access to, std::uint64_t low, std::uint64_t high);
value_codec size(number_access to, std::uint64_t low, std::uint64_t high);
value_codec mode(number_access to);
value_codec status(number_access to, std::initializer_list<unsigned> allowed);
value_codec duration(access_to<milliseconds> to, milliseconds low, milliseconds high);
/// As duration(), without a fraction of a second.
value_codec seconds(access_to<milliseconds> to, milliseconds low, milliseconds high);
value_codec text(access_to<std::string> to, const word_rule& rule);
value_codec choice(access_to<std::string> to, std::vector<std::string> choices);
/// off, html or json; true is html.
value_codec listing(access_to<std::string> to);
value_codec path(access_to<std::string> to, path_kind kind);
/// One text or a list of them.
value_codec texts(access_to<std::vector<std::string>> to, const word_rule& rule);
value_codec choices(access_to<std::vector<std::string>> to, std::vector<std::string> allowed);
value_codec paths(access_to<std::vector<std::string>> to, path_kind kind);
/// A table of texts; merged into what is there already.
value_codec map(access_to<std::vector<text_pair>> to, const word_rule& names, const word_rule& texts);
value_codec path_map(access_to<std::vector<text_pair>> to, const word_rule& names);
/// A text for all types, or a map by type.
value_codec by_type(access_to<std::vector<text_pair>> to, const word_rule& texts);
value_codec address(access_to<std::optional<endpoint>> to);
value_codec addresses(access_to<std::vector<endpoint>> to);

/// Reads a table; for a value that is none, says so and gives false.
bool is_table(reading& r, const toml_value& value, const section& inside);
bool is_list_of_tables(reading& r, const toml_value& value, const section& inside);

template <class Object, class T>
value_codec table(T Object::*member, const section& inside) {
  value_codec codec{.type = "table", .inside = &inside};
  codec.read = [member, &inside](reading& r, const toml_value& value, void* object) {
    auto& part = static_cast<Object*>(object)->*member;
    if constexpr (requires { part.on; })
      if (value.kind == toml_kind::flag) {
        part.on = value.flag;
        return;
      }
    if (is_table(r, value, inside))
      r.read_table(inside, value, &part);
  };
  codec.objects = [member](const void* object) {
    return std::vector<const void*>{&(static_cast<const Object*>(object)->*member)};
  };
  return codec;
}

/// A table that may be missing; false takes away what was inherited, true makes one with all defaults.
template <class Object, class T>
value_codec optional_table(std::optional<T> Object::*member, const section& inside) {
  value_codec codec{.type = "table or false", .inside = &inside};
  codec.read = [member, &inside](reading& r, const toml_value& value, void* object) {
    auto& part = static_cast<Object*>(object)->*member;
    if (value.kind == toml_kind::flag) {
      if (!value.flag)
        part.reset();
      else if (!part)
        part.emplace();
    } else if (is_table(r, value, inside)) {
      if (!part)
        part.emplace();
      r.read_table(inside, value, &*part);
    }
  };
  codec.objects = [member](const void* object) {
    const auto& part = static_cast<const Object*>(object)->*member;
    return part ? std::vector<const void*>{&*part} : std::vector<const void*>{};
  };
  return codec;
}

/// A list of tables, [[like.this]]; in place of what was inherited. `begin` gives what an item is before its
/// keys are read.
template <class Object, class T>
value_codec tables(
    std::vector<T> Object::*member, const section& inside,
    std::function<T(const Object&)> begin = [](const Object&) { return T{}; }) {
  value_codec codec{.type = "list of tables", .inside = &inside, .many = true};
  codec.read = [member, &inside, begin = std::move(begin)](reading& r, const toml_value& value,
                                                           void* object) {
    auto& whole = *static_cast<Object*>(object);
    if (!is_list_of_tables(r, value, inside))
      return;
    std::vector<T> items;
    for (const auto& table : value.items) {
      items.push_back(begin(whole));
      if constexpr (requires(T item) { item.place; })
        items.back().place = table.place;
      r.read_item(inside, table, &items.back(), items.size());
    }
    whole.*member = std::move(items);
  };
  codec.objects = [member](const void* object) {
    std::vector<const void*> all;
    for (const auto& item : static_cast<const Object*>(object)->*member)
      all.push_back(&item);
    return all;
  };
  return codec;
}

} // namespace values
} // namespace perron::httpd::program
