// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/target.hpp>

#include <perron/httpd/http1/characters.hpp>
#include <perron/httpd/status.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace perron::httpd {

namespace {

using runtime::error;

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/// The byte that the escape at `at` stands for, or -1 if there is no whole escape.
constexpr int escaped_byte(std::string_view text, std::size_t at) noexcept {
  if (text.size() - at < 3)
    return -1;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/// Checks UTF-8 a byte at a time, so that escapes and plain bytes can be mixed (RFC 3629 4: no overlong
/// forms, no surrogates, nothing above U+10FFFF).
class utf8_checker {
public:
  bool accept(unsigned char byte) noexcept {
    if (missing_ == 0)
      return byte < 0x80 || begin(byte);
    if (byte < lowest_ || byte > highest_)
      return false;
    lowest_ = 0x80;
    highest_ = 0xbf;
    --missing_;
    return true;
  }

  bool is_complete() const noexcept { return missing_ == 0; }

private:
  bool begin(unsigned char byte) noexcept {
    lowest_ = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    highest_ = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf)
      missing_ = 1;
    else if (byte >= 0xe0 && byte <= 0xef)
      missing_ = 2;
    else if (byte >= 0xf0 && byte <= 0xf4)
      missing_ = 3;
    return missing_ != 0;
  }

  int missing_ = 0;
  unsigned char lowest_ = 0x80; // of the next continuation byte
  unsigned char highest_ = 0xbf;
};

error refuse(const char* what, std::size_t at, const char* of = "request target") {
  return {std::string(what) + " at byte " + std::to_string(at) + " of the " + of, status::bad_request};
}

/// The size of the path that `raw` begins with, if it is its own normal form: no escapes, no dot segments,
/// printable ASCII only. Else npos.
std::size_t normal_path_size(std::string_view raw) noexcept {
  const char* const begin = raw.data();
  const char* const end = begin + raw.size();
  for (const char* at = begin;; ++at) {
    at = http1::detail::find_special_in_path(at, end, begin);
    if (at == end || *at == '?')
      return static_cast<std::size_t>(at - begin);
    if (*at != '.' || at == begin || at[-1] == '/')
      return std::string_view::npos;
  }
}

/// Decodes `path` onto the end of `out`, except for "%2F" and "%25".
runtime::result<void> decode_path(std::string_view path, std::string& out) {
  utf8_checker utf8;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::size_t start = i;
    auto byte = static_cast<unsigned char>(path[i]);
    const bool escaped = byte == '%';
    if (escaped) {
      const int decoded = escaped_byte(path, i);
      if (decoded < 0)
        return refuse("bad percent escape", i);
      byte = static_cast<unsigned char>(decoded);
      i += 2;
    }
    if (byte < 0x20 || byte == 0x7f)
      return refuse(byte == 0 ? "NUL" : "control character", start);
    if (!utf8.accept(byte))
      return refuse("bad UTF-8", start);
    if (escaped && byte == '/')
      out += "%2F";
    else if (escaped && byte == '%')
      out += "%25";
    else
      out += static_cast<char>(byte);
  }
  if (!utf8.is_complete())
    return refuse("bad UTF-8", path.size());
  return {};
}

/// remove_dot_segments of RFC 3986 5.2.4, in place: `path` begins with '/'. Segments are moved towards the
/// front, `kept` bytes of result never overtake the segment that is read.
void remove_dot_segments(std::string& path) {
  std::size_t kept = 0;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t next = std::min(path.find('/', at + 1), path.size());
    const auto segment = std::string_view(path).substr(at + 1, next - at - 1);
    const bool dot = segment == ".";
    const bool dot_dot = segment == "..";
    if (dot_dot)
      kept = kept == 0 ? 0 : path.rfind('/', kept - 1);
    if (dot || dot_dot) {
      if (next == path.size()) // "/a/." and "/a/b/.." name the folder "/a/"
        path[kept++] = '/';
    } else {
      std::copy(path.data() + at, path.data() + next, path.data() + kept);
      kept += next - at;
    }
    at = next;
  }
  path.resize(kept);
}

runtime::result<void> check_query(std::string_view query, std::size_t offset,
                                  const char* of = "request target") {
  utf8_checker utf8;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const std::size_t start = i;
    int byte = static_cast<unsigned char>(query[i]);
    if (byte == '%') {
      byte = escaped_byte(query, i);
      if (byte < 0)
        return refuse("bad percent escape", offset + i, of);
      i += 2;
    }
    if (byte == 0)
      return refuse("NUL", offset + start, of);
    if (!utf8.accept(static_cast<unsigned char>(byte)))
      return refuse("bad UTF-8", offset + start, of);
  }
  if (!utf8.is_complete())
    return refuse("bad UTF-8", offset + query.size(), of);
  return {};
}

/// One decoded byte of a form-encoded text at a time; what is no escape stands for itself.
struct form_reader {
  std::string_view text;
  std::size_t at = 0;

  bool is_done() const noexcept { return at >= text.size(); }

  char next() noexcept {
    const char c = text[at++];
    if (c == '+')
      return ' ';
    if (c == '%')
      if (const int byte = escaped_byte(text, at - 1); byte >= 0) {
        at += 2;
        return static_cast<char>(byte);
      }
    return c;
  }
};

} // namespace

runtime::result<normal_target> normalise_target(std::string_view raw, std::string& scratch) {
  const auto normal_size = normal_path_size(raw);
  const bool is_normal = normal_size != std::string_view::npos;
  const auto query_mark = is_normal ? normal_size : std::min(raw.find('?'), raw.size());
  auto path = raw.substr(0, query_mark);
  const auto query = raw.substr(std::min(query_mark + 1, raw.size()));
  if (path.empty())
    path = "/";
  if (path.front() != '/')
    return refuse("path does not begin with a slash", 0);
  if (!is_normal) {
    scratch.clear();
    scratch.reserve(path.size());
    if (auto decoded = decode_path(path, scratch); !decoded)
      return decoded.error();
    remove_dot_segments(scratch);
    path = scratch;
  }
  if (query.empty())
    return normal_target{path, query_view{query}};
  if (auto checked = check_query(query, query_mark + 1); !checked)
    return checked.error();
  return normal_target{path, query_view{query}};
}

runtime::result<void> check_form_text(std::string_view text, const char* of) {
  return check_query(text, 0, of);
}

std::string decode_segment(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? escaped_byte(text, i) : -1;
    decoded += byte < 0 ? text[i] : static_cast<char>(byte);
    if (byte >= 0)
      i += 2;
  }
  return decoded;
}

query_view::pair query_view::next_pair(std::string_view& rest) noexcept {
  const auto whole = rest.substr(0, rest.find('&'));
  rest.remove_prefix(std::min(whole.size() + 1, rest.size()));
  const auto equals = std::min(whole.find('='), whole.size());
  return {whole.substr(0, equals), whole.substr(std::min(equals + 1, whole.size()))};
}

std::string query_view::decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (form_reader reader{text}; !reader.is_done();)
    decoded += reader.next();
  return decoded;
}

std::optional<std::string_view> query_view::find(std::string_view name) const noexcept {
  const auto is_wanted = [name](std::string_view encoded) {
    form_reader reader{encoded};
    for (const char c : name)
      if (reader.is_done() || reader.next() != c)
        return false;
    return reader.is_done();
  };
  for (auto rest = raw_; !rest.empty();) {
    const auto candidate = next_pair(rest);
    if ((!candidate.name.empty() || !candidate.value.empty()) && is_wanted(candidate.name))
      return candidate.value;
  }
  return std::nullopt;
}

std::optional<std::string> query_view::get(std::string_view name) const {
  if (const auto value = find(name))
    return decode(*value);
  return std::nullopt;
}

std::optional<std::uint64_t> query_view::number(std::string_view name) const noexcept {
  const auto value = find(name);
  if (!value)
    return std::nullopt;
  std::uint64_t number = 0;
  const auto* end = value->data() + value->size();
  const auto [stopped, fault] = std::from_chars(value->data(), end, number);
  if (fault != std::errc{} || stopped != end)
    return std::nullopt;
  return number;
}

} // namespace perron::httpd
