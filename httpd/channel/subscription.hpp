// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/messages.hpp>
#include <perron/httpd/channel/topic_link.hpp>
#include <perron/httpd/channel/topics.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/signals.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace perron::httpd {

/// What a subscription asks for.
struct subscription_options {
  topic_start from{};
  lag_policy when_slow = lag_policy::drop_oldest;
  bool watch = false; ///< who is there
  std::optional<topic_membership> member{};
};

/// A process's subscription to one topic. It outlives the topic's process: when that ends the subscription
/// finds the next one and goes on behind what it got last.
///
///     httpd::subscription lobby(rooms, "lobby", {.from = {.replay = 20}});
///     while (const topic_batch_ptr news = lobby.next())
///       for (const auto& entry : news->entries)
///         stream.send(entry->data());
///
/// Asking for the next batch says that the one before has been dealt with: a process that is slow asks late,
/// and nothing piles up meanwhile. For the process that made it. Costs a monitor and a message; each batch,
/// two messages.
class subscription {
public:
  /// Mail of it to its own process.
  using try_again = topic_link::try_again;

  /// Subscribes. A topic that cannot be had now will be tried again, later and later; one that says no gives
  /// refused().
  subscription(topics where, std::string topic, subscription_options options = {});
  subscription(const subscription&) = delete;
  subscription& operator=(const subscription&) = delete;
  /// Ends it. Its member may come back within the topic's grace.
  ~subscription();

  /// Waits for news; a null pointer: none came in time, or refused() says why none will. What else arrives
  /// stays in the mailbox.
  topic_batch_ptr next(std::chrono::nanoseconds timeout = runtime::no_timeout);

  /// Ends it; its member leaves at once.
  void leave();

  const std::string& topic() const noexcept { return link_.topic(); }
  /// The topic's process; empty while there is none.
  runtime::pid process() const noexcept { return link_.process(); }
  /// Behind what it has been given; no place before the first news.
  const topic_cursor& cursor() const noexcept { return cursor_; }
  const std::string& refused() const noexcept { return link_.refused(); }

  // -- for who receives by himself: give it its mail, and call more() when the news have been dealt with
  std::uint64_t tag() const noexcept { return link_.tag(); }
  topic_batch_ptr take(topic_news&& news);
  void take(topic_refused&& no);
  /// Whether this was about its topic, which it will find again.
  bool take(const runtime::down& end);
  void take(const try_again&) { subscribe(); }
  void more();

private:
  void subscribe();

  topic_link link_;
  subscription_options options_;
  topic_cursor cursor_;
  std::uint64_t presence_ = 0;
  std::uint32_t slot_ = 0;
  bool owes_want_ = false; ///< it has news for which it has not asked for more yet
};

} // namespace perron::httpd
