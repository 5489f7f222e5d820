// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/parameters.hpp>

#include <perron/httpd/http1/characters.hpp>

namespace perron::httpd {

namespace {

std::size_t token_size(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && http1::detail::is_token_char(text[size]))
    ++size;
  return size;
}

/// The size of the quoted string that `text` begins with, quotes included; 0 if it is not closed or has a
/// control character.
std::size_t quoted_size(std::string_view text) noexcept {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"')
      return i + 1;
    if (text[i] == '\\')
      ++i;
    if (i < text.size() && http1::detail::is_control(text[i]))
      return 0;
  }
  return 0;
}

void skip_blanks(std::string_view& text) noexcept {
  while (!text.empty() && detail::is_blank(text.front()))
    text.remove_prefix(1);
}

} // namespace

std::string unquote(std::string_view value) {
  if (!value.starts_with('"'))
    return std::string(value);
  std::string text;
  text.reserve(value.size());
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == '\\' && i + 2 < value.size())
      ++i;
    text += value[i];
  }
  return text;
}

parameters_view::step parameters_view::next(std::string_view& rest, parameter& out) noexcept {
  for (;;) {
    skip_blanks(rest);
    if (rest.empty())
      return step::end;
    if (rest.front() != ';')
      return step::malformed;
    rest.remove_prefix(1);
    skip_blanks(rest);
    if (rest.empty())
      return step::end;
    if (rest.front() != ';')
      break;
  }
  const std::size_t name = token_size(rest);
  if (name == 0 || name >= rest.size() || rest[name] != '=')
    return step::malformed;
  const auto behind = rest.substr(name + 1);
  const std::size_t value = behind.starts_with('"') ? quoted_size(behind) : token_size(behind);
  if (value == 0)
    return step::malformed;
  out = {rest.substr(0, name), behind.substr(0, value)};
  rest = behind.substr(value);
  return step::parameter;
}

std::optional<parameters_view> parameters_view::parse(std::string_view text) noexcept {
  parameters_view checked;
  checked.raw_ = text;
  for (parameter p;;) {
    const step s = next(text, p);
    if (s == step::end)
      return checked;
    if (s == step::malformed)
      return std::nullopt;
  }
}

std::optional<std::string_view> parameters_view::find_raw(std::string_view name) const noexcept {
  std::optional<std::string_view> found;
  each([&](const parameter& p) {
    if (equal_ignoring_case(p.name, name))
      found = p.value;
    return !found;
  });
  return found;
}

std::optional<std::string> parameters_view::find(std::string_view name) const {
  const auto raw = find_raw(name);
  return raw ? std::optional(unquote(*raw)) : std::nullopt;
}

std::optional<std::string_view> cut_list_element(std::string_view& list) noexcept {
  while (!list.empty()) {
    std::size_t end = 0;
    for (bool quoted = false; end < list.size() && (quoted || list[end] != ','); ++end) {
      if (list[end] == '"')
        quoted = !quoted;
      else if (quoted && list[end] == '\\' && end + 1 < list.size())
        ++end;
    }
    const auto element = detail::trim_blanks(list.substr(0, end));
    list.remove_prefix(end < list.size() ? end + 1 : end);
    if (!element.empty())
      return element;
  }
  return std::nullopt;
}

} // namespace perron::httpd
