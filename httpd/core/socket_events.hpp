// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>

namespace perron::httpd::core {

/// The other end is gone altogether, or the socket is broken.
inline constexpr std::uint32_t hang_up = EPOLLHUP | EPOLLERR;
/// That, or it has ended its sending half.
inline constexpr std::uint32_t peer_left = EPOLLRDHUP | hang_up;
/// There is something to be read, be it the end.
inline constexpr std::uint32_t to_read = EPOLLIN | EPOLLRDHUP;

/// As the engine counts time.
inline std::uint64_t ms(std::chrono::milliseconds time) noexcept {
  return static_cast<std::uint64_t>(time.count());
}

} // namespace perron::httpd::core
