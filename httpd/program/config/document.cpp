// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/document.hpp>

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace perron::httpd::program {

namespace {

source_place place_of(const toml::source_region& region, const std::string& file) {
  return {.file = file, .line = region.begin.line, .column = region.begin.column};
}

toml_value convert(const toml::node& node, const std::string& file) {
  toml_value value;
  value.place = place_of(node.source(), file);
  if (const auto* table = node.as_table()) {
    for (const auto& [name, inner] : *table) {
      toml_member member{.name = std::string(name.str()), .place = place_of(name.source(), file)};
      member.value = convert(inner, file);
      value.members.push_back(std::move(member));
    }
    std::stable_sort(value.members.begin(), value.members.end(), [](const auto& a, const auto& b) {
      return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
    });
  } else if (const auto* array = node.as_array()) {
    value.kind = toml_kind::array;
    for (const auto& inner : *array)
      value.items.push_back(convert(inner, file));
  } else if (const auto* text = node.as_string()) {
    value.kind = toml_kind::text;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = toml_kind::integer;
    value.integer = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    value.kind = toml_kind::real;
    value.real = real->get();
  } else if (const auto* flag = node.as_boolean()) {
    value.kind = toml_kind::flag;
    value.flag = flag->get();
  } else {
    value.kind = toml_kind::date;
  }
  return value;
}

/// toml++ quotes what it saw, line ends included.
std::string on_one_line(std::string_view text) {
  const auto quoted = toml_text(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    // Only what is no character to be seen stays escaped.
    if (quoted[i] == '\\' && (quoted[i + 1] == '"' || quoted[i + 1] == '\\'))
      ++i;
    out += quoted[i];
  }
  return out;
}

} // namespace

const toml_value* toml_value::find(std::string_view name) const noexcept {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const auto& member) { return member.name == name; });
  return found == members.end() ? nullptr : &found->value;
}

std::pair<toml_value, std::optional<diagnostic>> parse_toml(std::string_view text, const std::string& file) {
  try {
    return {convert(toml::parse(text, file), file), std::nullopt};
  } catch (const toml::parse_error& why) {
    return {toml_value{}, diagnostic{.place = place_of(why.source(), file),
                                     .what = "not TOML: " + on_one_line(why.description()),
                                     .remedy = "see https://toml.io/en/v1.0.0"}};
  }
}

std::string_view name_of(toml_kind kind) noexcept {
  constexpr std::array<std::string_view, 7> names{"a table",       "a list",        "a text", "an integer",
                                                  "a real number", "true or false", "a date"};
  return names[static_cast<std::size_t>(kind)];
}

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      constexpr std::string_view digits = "0123456789ABCDEF";
      out.append("\\u00").append({digits[byte >> 4], digits[byte & 15]});
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string toml_name(std::string_view name) {
  const bool bare = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? std::string(name) : toml_text(name);
}

} // namespace perron::httpd::program
