// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/process.hpp>

#include <cstdint>

namespace perron::runtime::core {

/// One wait of the current process: for mail, for a reply, for a socket. While it lives, timeouts and wakes
/// that carry its number count; older ones are stale. Not to be nested: a wait is over before another begins.
class waiting {
public:
  static constexpr std::uint64_t forever = ~std::uint64_t(0);

  /// `due_ms` is a node time; forever = no limit. The timer is armed when the process first has to park.
  waiting(process& p, wait_kind what, std::uint64_t due_ms = forever) noexcept
      : process_(p), what_(what), due_ms_(due_ms) {
    ++p.wait_seq;
    p.in_timeout = false;
    p.woken = false;
  }
  ~waiting() {
    if (process_.wait_timer != nullptr)
      end_timer();
    ++process_.wait_seq;
  }
  waiting(const waiting&) = delete;
  waiting& operator=(const waiting&) = delete;

  /// Sleeps until something arrives, and takes it in. False: the time is over. Throws process_exit if the
  /// process was told to end; a wait in receive also ends by an interrupt.
  bool park();

  std::uint32_t number() const noexcept { return process_.wait_seq; }

private:
  void end_timer() noexcept;

  process& process_;
  wait_kind what_;
  std::uint64_t due_ms_;
};

} // namespace perron::runtime::core
