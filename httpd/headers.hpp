// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace perron::httpd {

/// One field line of a message: views into bytes that somebody else keeps.
struct header_field {
  std::string_view name;
  std::string_view value;
};

namespace detail {

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

/// Without the SP and HTAB at both ends (OWS, RFC 9110 5.6.3).
constexpr std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

} // namespace detail

/// Equality of names that ignore the case of ASCII letters (field names, most tokens). No locale.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size())
    return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (detail::to_lower(a[i]) != detail::to_lower(b[i]))
      return false;
  return true;
}

/// Calls `visit(element)` for each element of a comma-separated list (RFC 9110 5.6.1): blanks trimmed, empty
/// elements skipped. Not for lists whose elements may hold quoted strings. `visit` returns false to stop.
template <class Visitor>
constexpr void each_list_element(std::string_view list, Visitor&& visit) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto element = detail::trim_blanks(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    if (!element.empty() && !visit(element))
      return;
  }
}

/// The fields of a message in the order they came, looked up by name without regard to case. Does not own:
/// valid as long as the array and the bytes it points into. Lookups walk the array, O(fields); there is no
/// index, since a request has a dozen fields and a handler asks for two. Read from any one thread at a time.
class header_view {
public:
  header_view() = default;
  explicit header_view(std::span<const header_field> fields) noexcept : fields_(fields) {}

  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }
  std::size_t size() const noexcept { return fields_.size(); }
  bool empty() const noexcept { return fields_.empty(); }
  const header_field& operator[](std::size_t i) const noexcept { return fields_[i]; }

  /// The first value under this name; an empty value is a value.
  std::optional<std::string_view> find(std::string_view name) const noexcept {
    for (const auto& field : fields_)
      if (equal_ignoring_case(field.name, name))
        return field.value;
    return std::nullopt;
  }

  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

  std::size_t count(std::string_view name) const noexcept {
    std::size_t found = 0;
    each(name, [&](std::string_view) { ++found; });
    return found;
  }

  /// Calls `visit(value)` for every field of this name, in order. They form one list (RFC 9110 5.3), except
  /// for Set-Cookie.
  template <class Visitor>
  void each(std::string_view name, Visitor&& visit) const {
    for (const auto& field : fields_)
      if (equal_ignoring_case(field.name, name))
        visit(field.value);
  }

  /// Whether the list under this name, over all its fields, has this token (no regard to case). For lists of
  /// plain tokens such as Connection or Upgrade; parameters (`gzip;q=0`) are part of an element here.
  bool contains_token(std::string_view name, std::string_view token) const noexcept {
    bool found = false;
    each(name, [&](std::string_view value) {
      each_list_element(value, [&](std::string_view element) {
        found = found || equal_ignoring_case(element, token);
        return !found;
      });
    });
    return found;
  }

private:
  std::span<const header_field> fields_;
};

} // namespace perron::httpd
