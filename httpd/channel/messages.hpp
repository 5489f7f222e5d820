// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/cursor.hpp>
#include <perron/httpd/channel/entry.hpp>
#include <perron/httpd/channel/presence.hpp>
#include <perron/runtime/pid.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What topics and their subscribers say to each other. Programs use subscription.hpp and topics.hpp.
namespace perron::httpd {

/// What happens to a subscriber that is so slow that entries it has not been given leave the history.
enum class lag_policy : std::uint8_t {
  drop_oldest, ///< it is told that there is a gap, and goes on behind it
  disconnect,  ///< its process is ended, with a reason that says so
  wait         ///< publishers wait for it, up to the topic's wait_time; then it is disconnected
};

/// Where a subscription begins.
struct topic_start {
  topic_cursor behind{};    ///< behind this place; if it is none: behind what there is now, less `replay`
  std::uint64_t replay = 0; ///< so many of the newest entries first
};

/// Who a subscriber is to others.
struct topic_membership {
  std::string client; ///< to whom the key belongs, in topics with unique members
  presence_member who;
};

/// Mail to a topic: from now on I am your subscriber. Answered at once, by topic_news or topic_refused. A
/// second one with the same tag takes the place of the first.
struct topic_subscribe {
  runtime::pid who;
  std::uint64_t tag = 0; ///< the subscriber's own name for it
  topic_start from{};
  lag_policy when_slow = lag_policy::drop_oldest;
  bool watch = false; ///< wants to know who is there
  std::optional<topic_membership> member{};
};

/// Mail to a topic: I have all up to here, give me more. Answered once, when there is something.
struct topic_want {
  runtime::pid who;
  std::uint64_t tag = 0;
  std::uint32_t slot = 0; ///< as told by the news before
  std::uint64_t behind = 0;
  std::uint64_t presence = 0; ///< the version of who is there; 0: I know nothing
};

/// Mail to a topic: I am no longer your subscriber.
struct topic_unsubscribe {
  runtime::pid who;
  std::uint64_t tag = 0;
  bool leaves = true; ///< its member leaves at once, without a grace
};

/// What one answer brings; those who wait for the same share it.
struct topic_batch {
  std::vector<topic_entry_ptr> entries{}; ///< without a hole between them
  topic_cursor next{};                    ///< behind the last of them
  /// Before them there is something that this subscriber has not got and will not get: entries that left the
  /// history, so many if it is known, or a whole history that has been lost.
  bool gap = false;
  std::optional<std::uint64_t> missed{};
  presence_change_ptr presence{};
};
using topic_batch_ptr = std::shared_ptr<const topic_batch>;

/// Mail to a subscriber.
struct topic_news {
  std::uint64_t tag = 0;
  std::uint32_t slot = 0;
  topic_batch_ptr batch;
};

/// Mail to who wanted to be a subscriber: no. There is no subscription now.
struct topic_refused {
  std::uint64_t tag = 0;
  std::string why;
};

/// What became of a publish.
struct topic_receipt {
  std::uint64_t tag = 0;    ///< as in topic_publish_mail
  std::uint64_t number = 0; ///< of the origin
  topic_cursor
      at{}; ///< the entry's place; of a repeated one, that which the first got, or none if it is long ago
  bool repeated = false; ///< it was there already
  std::string refused{}; ///< why it is not there; empty: it is
  bool later = false;    ///< of a refused one: it may do another time
};

/// A call to a topic. The answer comes when the entry is in the history.
struct topic_publish {
  using reply = topic_receipt;
  std::string data; ///< JSON
  topic_origin origin{};
};
/// The same as mail, answered by a topic_receipt; in the order sent.
struct topic_publish_mail {
  runtime::pid who;
  std::uint64_t tag = 0;
  topic_publish what;
};

/// A call to a topic.
struct topic_figures {
  struct reply {
    topic_cursor newest{};
    std::uint64_t oldest = 0; ///< the number of the oldest entry in memory
    std::size_t bytes = 0;
    std::size_t subscribers = 0;
    std::size_t waiting = 0; ///< of these, those that have everything
    std::size_t members = 0;
    std::size_t held = 0; ///< publishes that wait for slow subscribers
  };
};

} // namespace perron::httpd
