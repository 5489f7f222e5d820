// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/chunked_decoder.hpp>

#include <perron/httpd/headers.hpp>
#include <perron/httpd/http1/characters.hpp>

#include <algorithm>

namespace perron::httpd::http1 {

namespace {

using httpd::detail::is_blank;

constexpr std::uint8_t max_digits = 16;

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  const char lower = httpd::detail::to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

} // namespace

chunk_step chunked_decoder::next(std::string_view input) noexcept {
  for (std::size_t at = 0; at < input.size(); ++at) {
    if (state_ == state::content) {
      const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
      left_ -= size;
      if (left_ == 0)
        state_ = state::content_cr;
      return {.outcome = chunk_outcome::content, .consumed = at + size, .content = input.substr(at, size)};
    }
    const bool ends_line = state_ == state::line_feed;
    if (const char* what = digest(input[at]))
      return {.outcome = chunk_outcome::bad, .consumed = at, .what = what};
    if (ends_line && left_ == 0)
      return {.outcome = chunk_outcome::last, .consumed = at + 1};
  }
  return {.outcome = chunk_outcome::need_more, .consumed = input.size()};
}

/// One byte outside of content; what is wrong with it, or nullptr.
const char* chunked_decoder::digest(char c) noexcept {
  if (state_ > state::size && state_ < state::line_feed && ++extension_bytes_ > max_extension_bytes)
    return "too many bytes of chunk extensions";
  switch (state_) {
  case state::size_begin:
  case state::size:
    return digest_size(c);
  case state::size_blank:
    if (c == ';')
      state_ = state::extension;
    else if (!is_blank(c))
      return "blank behind a chunk size";
    return nullptr;
  case state::extension:
    if (detail::is_token_char(c))
      state_ = state::name;
    else if (!is_blank(c))
      return "chunk extension without a name";
    return nullptr;
  case state::name:
    if (detail::is_token_char(c))
      return nullptr;
    if (c == '=') {
      state_ = state::value;
      return nullptr;
    }
    return end_of_part(c, state::name_blank);
  case state::name_blank:
    if (c == '=')
      state_ = state::value;
    else if (c == ';')
      state_ = state::extension;
    else if (!is_blank(c))
      return "blank behind a chunk extension";
    return nullptr;
  case state::value:
    if (c == '"')
      state_ = state::quoted;
    else if (detail::is_token_char(c))
      state_ = state::token;
    else if (!is_blank(c))
      return "chunk extension without a value";
    return nullptr;
  case state::token:
    return detail::is_token_char(c) ? nullptr : end_of_part(c, state::value_blank);
  case state::quoted:
    if (c == '"')
      state_ = state::value_end;
    else if (c == '\\')
      state_ = state::escaped;
    else if (detail::is_control(c))
      return "control character in a quoted string";
    return nullptr;
  case state::escaped:
    if (detail::is_control(c))
      return "control character in a quoted string";
    state_ = state::quoted;
    return nullptr;
  case state::value_end:
    return end_of_part(c, state::value_blank);
  case state::value_blank:
    if (c == ';')
      state_ = state::extension;
    else if (!is_blank(c))
      return "blank behind a chunk extension";
    return nullptr;
  case state::line_feed:
    if (c != '\n')
      return "bare CR";
    state_ = state::content;
    return nullptr;
  case state::content_cr:
    if (c != '\r')
      return "chunk is longer than its size says";
    state_ = state::content_lf;
    return nullptr;
  case state::content_lf:
    if (c != '\n')
      return "bare CR";
    state_ = state::size_begin;
    return nullptr;
  case state::content:
    break;
  }
  return nullptr;
}

const char* chunked_decoder::digest_size(char c) noexcept {
  if (const int digit = hex_value(c); digit >= 0) {
    if (state_ == state::size_begin)
      left_ = digits_ = 0;
    state_ = state::size;
    if (++digits_ > max_digits)
      return "chunk size has too many digits";
    left_ = left_ << 4U | static_cast<std::uint64_t>(digit);
    return nullptr;
  }
  if (state_ == state::size_begin)
    return "chunk size is missing";
  return end_of_part(c, state::size_blank);
}

/// The byte behind a size, a name or a value.
const char* chunked_decoder::end_of_part(char c, state blank) noexcept {
  if (c == '\r')
    state_ = state::line_feed;
  else if (c == ';')
    state_ = state::extension;
  else if (is_blank(c))
    state_ = blank;
  else
    return c == '\n' ? "bare LF" : "character that no chunk size or extension has";
  return nullptr;
}

} // namespace perron::httpd::http1
