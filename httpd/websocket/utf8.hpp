// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

namespace perron::httpd::rfc6455 {

/// Looks whether text that comes in pieces is UTF-8 (RFC 3629), and knows it is not at the first byte that
/// shows it, in the middle of a character too. Four bytes of state.
class utf8_check {
public:
  /// False: no continuation can make it UTF-8 any more. Not to be called again then.
  bool feed(std::string_view piece) noexcept;
  /// Whether the text may end here: not inside a character.
  bool at_boundary() const noexcept { return missing_ == 0; }

private:
  std::uint8_t missing_ = 0; ///< continuation bytes the character still needs
  std::uint8_t low_ = 0x80;  ///< bounds of the next one
  std::uint8_t high_ = 0xbf;
};

/// The same for text that is there as a whole.
inline bool is_utf8(std::string_view text) noexcept {
  utf8_check check;
  return check.feed(text) && check.at_boundary();
}

} // namespace perron::httpd::rfc6455
