// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/publisher.hpp>

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_delay = 20ms;
constexpr std::chrono::milliseconds longest_delay = 2s;

} // namespace

topic_publisher::topic_publisher(topics where, std::string topic)
    : where_(std::move(where)), topic_(std::move(topic)), tag_(new_topic_tag()) {}

topic_publisher::~topic_publisher() { let_go(); }

void topic_publisher::publish(std::string json, topic_origin origin) {
  pending_.push_back({std::move(json), std::move(origin)});
  if (pending_.size() == 1)
    send_first();
}

void topic_publisher::send_first() {
  if (pending_.empty() || !refused_.empty())
    return;
  if (!who_) {
    const auto found = where_.find(topic_);
    if (!found) {
      if (found.error().code == ENOENT)
        refused_ = found.error().text;
      else
        later();
      return;
    }
    who_ = *found;
    monitor_ = runtime::monitor(who_);
  }
  runtime::send(who_, topic_publish_mail{runtime::self(), tag_, pending_.front()});
}

std::optional<topic_publisher::outcome> topic_publisher::take(topic_receipt&& receipt) {
  if (pending_.empty() || receipt.number != pending_.front().origin.number)
    return std::nullopt; // the answer to one that was sent twice
  if (receipt.later) {
    later();
    return std::nullopt;
  }
  delay_ = 0ms;
  outcome out{pending_.front().origin.number, std::move(receipt)};
  pending_.pop_front();
  if (pending_.empty())
    let_go();
  else
    send_first();
  return out;
}

bool topic_publisher::take(const runtime::down& end) {
  if (!who_ || end.ref != monitor_)
    return false;
  who_ = {};
  later();
  return true;
}

void topic_publisher::later() {
  delay_ = std::clamp<std::chrono::milliseconds>(2 * delay_, first_delay, longest_delay);
  timer_ = runtime::send_after(delay_, runtime::self(), subscription::try_again{tag_});
}

void topic_publisher::let_go() {
  timer_.cancel();
  if (std::exchange(who_, {}))
    runtime::demonitor(monitor_);
}

std::deque<topic_publish> topic_publisher::abandon() {
  let_go();
  return std::exchange(pending_, {});
}

} // namespace perron::httpd
