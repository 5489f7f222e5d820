// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/runnable.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace perron::runtime::core {

struct worker;

/// Something that waits for a file descriptor. Belongs to the poller of one worker, its home; `ready` is
/// called there, inside the engine, and may not block. Registered edge-triggered for everything, once: no
/// system call is made to wait again.
struct poll_handler : runnable {
  using ready_function = void (*)(poll_handler&, std::uint32_t events, worker&);
  using dispose_function = void (*)(poll_handler&) noexcept;

  ready_function ready;
  dispose_function dispose; ///< frees it; called on the home worker once no event can name it any more
  worker* home = nullptr;
  int fd = -1;
  bool dead = false; ///< home only

  poll_handler(ready_function r, dispose_function d) noexcept;
};

/// One worker's epoll set and its alarm clock for other threads. Owner of the worker only, but for wake().
class poller {
public:
  poller();
  ~poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Starts to watch h.fd for reading, writing and hang-up. Gives errno, 0 if fine. From any thread.
  int add(poll_handler& h) noexcept;

  /// Stops to watch h.fd; events that were fetched already still come. From any thread. To be called before
  /// the descriptor is closed or given away: a child that is between fork and exec, or a copy made by dup,
  /// would keep the registration alive, and its events would name a handler that is gone.
  void remove(poll_handler& h) noexcept;

  /// Closes the descriptor and disposes of the handler after the batch of events that may still name it.
  void retire(poll_handler& h) noexcept;

  /// Waits up to timeout_ms (-1: without limit) and calls the handlers of what is ready. Gives how many.
  std::size_t wait(int timeout_ms, worker& at);

  /// Ends a wait() under way, or the next one. Any thread; one system call.
  void wake() noexcept;

private:
  void bury() noexcept;

  int epoll_ = -1;
  int alarm_ = -1;
  std::vector<poll_handler*> retired_;
};

} // namespace perron::runtime::core
