// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>

namespace perron::runtime::net::detail {

/// What to do after accept(2) has failed.
enum class after_accept : std::uint8_t {
  wait,  ///< nobody is there
  again, ///< that connection is lost, the next one may be fine
  pause, ///< the program or the system is short of something: try again later
  fail   ///< the listener is of no use
};

/// How long to leave clients in the backlog when descriptors or memory have run out. Others have to close
/// theirs first; trying at once again would only burn time.
inline constexpr std::chrono::milliseconds accept_pause{100};

/// `code` is an errno value.
after_accept classify_accept_error(int code) noexcept;

} // namespace perron::runtime::net::detail
