// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/runnable.hpp>
#include <perron/runtime/core/worth_trying.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace perron::runtime::core {

struct worker;

/// Something that waits for a file descriptor. Belongs to the poller of one worker, its home; `ready` is
/// called there, inside the engine, and may not block. Registered edge-triggered, for everything by add():
/// then no system call is made to wait again; or by add_late().
struct poll_handler : runnable {
  using ready_function = void (*)(poll_handler&, std::uint32_t events, worker&);
  using dispose_function = void (*)(poll_handler&) noexcept;

  ready_function ready;
  dispose_function dispose; ///< frees it; called on the home worker once no event can name it any more
  worker* home = nullptr;
  int fd = -1;
  bool dead = false;   ///< home only
  bool is_new = false; ///< home only; of add_late, and not looked at since
  /// What it is watched for, or is about to be by who has set it.
  std::atomic<std::uint8_t> watched{0};

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

  /// As add, but as late as may be, for what may be over soon: before the worker sleeps, or at a look at its
  /// sockets some milliseconds from now, or by watch(). Where that is often the end, `ready` is called
  /// without events before, so that it finds by itself what they would tell; and of what is retired by that
  /// time nothing was paid for watching it. It is watched for what there is to read, not for room to write.
  /// Owner only.
  void add_late(poll_handler& h) noexcept;
  /// Whether some of add_late have not been looked at since.
  bool has_new() const noexcept { return !new_.empty(); }

  /// Who is about to wait for h, but for handlers of add(), calls this before, from any thread: from now on
  /// it is watched, with `writing` for room to write as well, and what is there already makes an event. Costs
  /// a load where it is watched. False: it cannot be; it was shut down, so that who uses it finds its end.
  bool watch(poll_handler& h, bool writing) noexcept {
    const std::uint8_t wanted = writing ? in_and_out : in_only;
    return (h.watched.load(std::memory_order_relaxed) & wanted) == wanted || start_to_watch(h, wanted);
  }

  /// The owner is about to sleep: looks at the handlers of add_late, and watches them. They may make work.
  void look_at_new(worker& at) noexcept { look_at_new(at, ~std::uint64_t(0)); }

  /// Stops to watch h.fd; events that were fetched already still come. From any thread. To be called before
  /// the descriptor is closed or given away: a child that is between fork and exec, or a copy made by dup,
  /// would keep the registration alive, and its events would name a handler that is gone.
  void remove(poll_handler& h) noexcept;

  /// Closes the descriptor and disposes of the handler after the batch of events that may still name it.
  void retire(poll_handler& h) noexcept;

  /// Waits up to timeout_ms (-1: without limit) and calls the handlers of what is ready. Gives how many.
  std::size_t wait(int timeout_ms, worker& at);
  std::uint64_t woke_ns = 0; ///< when the last wait() was over, before the handlers were called; the owner's

  /// Ends a wait() under way, or the next one. Any thread; one system call.
  void wake() noexcept;

private:
  enum watched_for : std::uint8_t { in_only = 1, in_and_out = 3 };
  struct new_handler {
    poll_handler* handler;
    std::uint64_t since_ms;
  };

  void bury() noexcept;
  bool start_to_watch(poll_handler& h, std::uint8_t wanted) noexcept;
  void look_at_new(worker& at, std::uint64_t before_ms) noexcept;
  void look_at_one(poll_handler& h, worker& at) noexcept;

  int epoll_ = -1;
  int alarm_ = -1;
  std::vector<poll_handler*> retired_;
  std::vector<new_handler> new_; ///< oldest first
  worth_trying looks_;           ///< at those, before they are watched
};

} // namespace perron::runtime::core
