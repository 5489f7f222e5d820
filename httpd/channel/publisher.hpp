// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/messages.hpp>
#include <perron/httpd/channel/topic_link.hpp>
#include <perron/httpd/channel/topics.hpp>
#include <perron/runtime/signals.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace perron::httpd {

/// Publishes to one topic without waiting for it: in order, one after the other, and again if the topic dies
/// or cannot take it now, until it says yes or a final no. Everything has an origin, so nothing is published
/// twice. For the process that made it, which gives it its mail. Costs nothing while it has nothing to do.
class topic_publisher {
public:
  topic_publisher(topics where, std::string topic);

  const std::string& topic() const noexcept { return link_.topic(); }

  void publish(std::string json, topic_origin origin);
  std::size_t pending() const noexcept { return pending_.size(); }

  struct outcome {
    std::uint64_t number = 0;
    topic_receipt receipt;
  };
  std::uint64_t tag() const noexcept { return link_.tag(); }
  /// What became of the oldest one, if that is final.
  std::optional<outcome> take(topic_receipt&& receipt);
  /// Whether this was about its topic.
  bool take(const runtime::down& end);
  void take(const topic_link::try_again&) { send_first(); }
  /// Why there is no such topic; what is pending will not be published.
  const std::string& refused() const noexcept { return link_.refused(); }
  /// The numbers of what was pending.
  std::deque<topic_publish> abandon();

private:
  void send_first();

  topic_link link_;
  std::deque<topic_publish> pending_; ///< the first one is under way, or waits to be tried again
};

} // namespace perron::httpd
