// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/utf8.hpp>

#include <cstring>

namespace perron::httpd::rfc6455 {
namespace {

/// The first byte that is not ASCII, or `end`.
const char* skip_ascii(const char* at, const char* end) noexcept {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  for (; end - at >= 16; at += 16) {
    std::uint64_t words[2];
    std::memcpy(words, at, sizeof words);
    if (((words[0] | words[1]) & high_bits) != 0)
      break;
  }
  while (at != end && static_cast<unsigned char>(*at) < 0x80)
    ++at;
  return at;
}

} // namespace

bool utf8_check::feed(std::string_view piece) noexcept {
  const char* at = piece.data();
  const char* const end = at + piece.size();
  while (at != end) {
    const auto byte = static_cast<std::uint8_t>(*at);
    if (missing_ != 0) {
      if (byte < low_ || byte > high_)
        return false;
      --missing_;
      low_ = 0x80;
      high_ = 0xbf;
      ++at;
      continue;
    }
    if (byte < 0x80) {
      at = skip_ascii(at, end);
      continue;
    }
    // RFC 3629 4: bounds of the second byte keep out overlong forms, surrogates and what is above U+10FFFF
    if (byte < 0xc2 || byte > 0xf4)
      return false;
    if (byte < 0xe0) {
      missing_ = 1;
    } else if (byte < 0xf0) {
      missing_ = 2;
      low_ = byte == 0xe0 ? 0xa0 : 0x80;
      high_ = byte == 0xed ? 0x9f : 0xbf;
    } else {
      missing_ = 3;
      low_ = byte == 0xf0 ? 0x90 : 0x80;
      high_ = byte == 0xf4 ? 0x8f : 0xbf;
    }
    ++at;
  }
  return true;
}

} // namespace perron::httpd::rfc6455
