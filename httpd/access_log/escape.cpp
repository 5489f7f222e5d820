// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/escape.hpp>

#include <array>
#include <cstddef>

namespace perron::httpd::access_log_detail {
namespace {

constexpr std::string_view upper_digits = "0123456789ABCDEF";
constexpr std::string_view lower_digits = "0123456789abcdef";

unsigned byte_at(std::string_view text, std::size_t i) noexcept {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

/// Bytes of the UTF-8 sequence that begins at `i` with a byte beyond ASCII; 0: there is none (RFC 3629 4).
std::size_t sequence_at(std::string_view text, std::size_t i) noexcept {
  const unsigned first = byte_at(text, i);
  const unsigned second = byte_at(text, i + 1);
  const auto continues = [&](std::size_t k) { return (byte_at(text, i + k) & 0xc0U) == 0x80; };
  if (first >= 0xc2 && first <= 0xdf)
    return continues(1) ? 2 : 0;
  if ((first & 0xf0U) == 0xe0) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

/// Printable ASCII but quotes and backslashes: what both forms leave as it is.
constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> out{};
  for (std::size_t byte = 0x20; byte < 0x7f; ++byte)
    out.at(byte) = byte != '"' && byte != '\\';
  return out;
}();

/// Appends what is plain from `i` on; gives where it ends.
std::size_t append_plain(std::string& out, std::string_view text, std::size_t i) {
  const std::size_t begin = i;
  while (i < text.size() && plain[static_cast<unsigned char>(text[i])])
    ++i;
  out.append(text.data() + begin, i - begin);
  return i;
}

void append_code(std::string& out, unsigned code) {
  out += "\\u00";
  out += lower_digits[code >> 4U];
  out += lower_digits[code & 15U];
}

} // namespace

void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t i = 0; (i = append_plain(out, text, i)) < text.size(); ++i) {
    const unsigned byte = byte_at(text, i);
    out += "\\x";
    out += upper_digits[byte >> 4U];
    out += upper_digits[byte & 15U];
  }
}

void append_json_escaped(std::string& out, std::string_view text) {
  for (std::size_t i = 0; (i = append_plain(out, text, i)) < text.size();) {
    const unsigned byte = byte_at(text, i);
    if (byte < 0x80) {
      if (byte == '"' || byte == '\\')
        (out += '\\') += text[i];
      else
        append_code(out, byte);
      ++i;
      continue;
    }
    const std::size_t size = sequence_at(text, i);
    if (size == 0) {
      out += "\\ufffd";
      ++i;
      continue;
    }
    if (byte == 0xc2 && byte_at(text, i + 1) < 0xa0)
      append_code(out, byte_at(text, i + 1));
    else
      out.append(text, i, size);
    i += size;
  }
}

} // namespace perron::httpd::access_log_detail
