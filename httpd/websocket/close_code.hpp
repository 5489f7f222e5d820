// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace perron::httpd {

/// Status codes of a WebSocket's end (RFC 6455 7.4.1 and the registry it founded), for close(code, reason).
/// Programs take 4000 to 4999 for their own.
namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t none_given = 1005; ///< never sent: the peer's close frame had no code
inline constexpr std::uint16_t abnormal = 1006;   ///< never sent: the connection ended without a close frame
inline constexpr std::uint16_t bad_data = 1007;   ///< text that is no UTF-8, or data that does not inflate
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t too_big = 1009;
inline constexpr std::uint16_t internal_error = 1011;
inline constexpr std::uint16_t service_restart = 1012;
inline constexpr std::uint16_t try_again_later = 1013;

/// Whether a close frame may carry it: 1005, 1006 and 1015 are for reports only, and what no registry has
/// assigned below 3000 is nobody's to use (7.4.2).
constexpr bool may_be_sent(std::uint16_t code) noexcept {
  if (code >= 3000)
    return code <= 4999;
  return code >= 1000 && code <= 1014 && code != 1004 && code != none_given && code != abnormal;
}
} // namespace close_code

} // namespace perron::httpd
