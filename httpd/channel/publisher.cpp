// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/publisher.hpp>

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>

#include <chrono>
#include <utility>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds longest_delay = 2s;

} // namespace

topic_publisher::topic_publisher(topics where, std::string topic)
    : link_(std::move(where), std::move(topic), longest_delay) {}

void topic_publisher::publish(std::string json, topic_origin origin) {
  pending_.push_back({std::move(json), std::move(origin)});
  if (pending_.size() == 1)
    send_first();
}

void topic_publisher::send_first() {
  if (!pending_.empty() && refused().empty() && link_.find())
    runtime::send(link_.process(), topic_publish_mail{runtime::self(), tag(), pending_.front()});
}

std::optional<topic_publisher::outcome> topic_publisher::take(topic_receipt&& receipt) {
  if (pending_.empty() || receipt.number != pending_.front().origin.number)
    return std::nullopt; // the answer to one that was sent twice
  if (receipt.later) {
    link_.later();
    return std::nullopt;
  }
  link_.works();
  outcome out{pending_.front().origin.number, std::move(receipt)};
  pending_.pop_front();
  if (pending_.empty())
    link_.let_go();
  else
    send_first();
  return out;
}

bool topic_publisher::take(const runtime::down& end) {
  if (!link_.is_end(end))
    return false;
  link_.later();
  return true;
}

std::deque<topic_publish> topic_publisher::abandon() {
  link_.let_go();
  return std::exchange(pending_, {});
}

} // namespace perron::httpd
