// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/subscription.hpp>

#include <perron/runtime/deadline.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;

constexpr auto first_delay = 20ms;
constexpr std::chrono::milliseconds longest_delay = 5s;

} // namespace

std::uint64_t new_topic_tag() noexcept {
  static std::atomic<std::uint64_t> tags{0};
  return tags.fetch_add(1, std::memory_order_relaxed) + 1; // only has to be unlike the others
}

subscription::subscription(topics where, std::string topic, subscription_options options)
    : where_(std::move(where)), topic_(std::move(topic)), options_(std::move(options)),
      tag_(new_topic_tag()) {
  subscribe();
}

subscription::~subscription() {
  timer_.cancel();
  if (!who_)
    return;
  runtime::send(who_, topic_unsubscribe{runtime::self(), tag_, false});
  runtime::demonitor(monitor_);
}

void subscription::subscribe() {
  if (who_ || !refused_.empty())
    return;
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
  presence_ = 0;
  owes_want_ = false;
  topic_start from = options_.from;
  if (cursor_)
    from = {.behind = cursor_};
  runtime::send(who_, topic_subscribe{runtime::self(), tag_, from, options_.when_slow, options_.watch,
                                      options_.member});
}

void subscription::later() {
  delay_ = std::clamp<std::chrono::milliseconds>(2 * delay_, first_delay, longest_delay);
  timer_ = runtime::send_after(delay_, runtime::self(), try_again{tag_});
}

topic_batch_ptr subscription::take(topic_news&& news) {
  delay_ = 0ms;
  slot_ = news.slot;
  cursor_ = news.batch->next;
  if (news.batch->presence)
    presence_ = news.batch->presence->to;
  owes_want_ = true;
  return std::move(news.batch);
}

void subscription::take(topic_refused&& no) {
  refused_ = std::move(no.why);
  if (std::exchange(who_, {}))
    runtime::demonitor(monitor_);
}

bool subscription::take(const runtime::down& end) {
  if (!who_ || end.ref != monitor_)
    return false;
  who_ = {};
  if (delay_ == 0ms) {
    delay_ = first_delay;
    subscribe();
  } else {
    later(); // the last one did not live long enough to answer
  }
  return true;
}

void subscription::more() {
  if (std::exchange(owes_want_, false) && who_)
    runtime::send(who_, topic_want{runtime::self(), tag_, slot_, cursor_.id, presence_});
}

void subscription::leave() {
  timer_.cancel();
  if (refused_.empty())
    refused_ = "left";
  owes_want_ = false;
  if (const runtime::pid who = std::exchange(who_, {})) {
    runtime::send(who, topic_unsubscribe{runtime::self(), tag_, true});
    runtime::demonitor(monitor_);
  }
}

topic_batch_ptr subscription::next(std::chrono::nanoseconds timeout) {
  more();
  const runtime::deadline until(timeout);
  topic_batch_ptr out;
  for (bool in_time = true; in_time && !out && refused_.empty();)
    runtime::receive(runtime::when([this](const topic_news& n) { return n.tag == tag_; },
                                   [&](topic_news n) { out = take(std::move(n)); }),
                     runtime::when([this](const topic_refused& n) { return n.tag == tag_; },
                                   [&](topic_refused n) { take(std::move(n)); }),
                     runtime::when([this](const runtime::down& end) { return end.ref == monitor_; },
                                   [&](const runtime::down& end) { take(end); }),
                     runtime::when([this](const try_again& t) { return t.tag == tag_; },
                                   [&](const try_again& t) { take(t); }),
                     runtime::after(until.left(), [&] { in_time = false; }));
  return out;
}

} // namespace perron::httpd
