// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/topics.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/signals.hpp>
#include <perron/runtime/timer.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace perron::httpd {

/// One process's way to a topic: finds it, watches it, and comes back to it, later and later, while it cannot
/// be had. What a subscription and a publisher have in common; for the process that made it, which gives it
/// its mail. Costs a monitor while it has the topic.
class topic_link {
public:
  /// Mail of it to its own process.
  struct try_again {
    std::uint64_t tag;
  };

  topic_link(topics where, std::string topic, std::chrono::milliseconds longest_delay);
  topic_link(const topic_link&) = delete;
  topic_link& operator=(const topic_link&) = delete;
  ~topic_link() { let_go(); }

  const std::string& topic() const noexcept { return topic_; }
  /// Names it in the mail that is sent; unlike all others.
  std::uint64_t tag() const noexcept { return tag_; }
  /// The topic's process; empty while there is none.
  runtime::pid process() const noexcept { return who_; }
  runtime::monitor_ref monitor() const noexcept { return monitor_; }

  /// Why there is no such topic, or why it will not be looked for any more.
  const std::string& refused() const noexcept { return refused_; }
  void refuse(std::string why);

  /// Looks for the topic unless it is there. False: it will be tried again by mail, or is refused.
  bool find();
  /// Whether the topic's process has just been lost by this.
  bool is_end(const runtime::down& end);

  /// Sends a `try_again` after a while, which grows from one to the next.
  void later();
  /// The topic has answered: the next while is a short one.
  void works() noexcept { delay_ = std::chrono::milliseconds(0); }
  /// The first while is over without having been waited for. False: it was before.
  bool skip_first_delay() noexcept;

  /// Watches it no more; gives whom it watched.
  runtime::pid let_go();

private:
  topics where_;
  std::string topic_;
  std::uint64_t tag_;
  runtime::pid who_;
  runtime::monitor_ref monitor_;
  std::string refused_;
  std::chrono::milliseconds longest_delay_;
  std::chrono::milliseconds delay_{0};
  runtime::timer_ref timer_;
};

} // namespace perron::httpd
