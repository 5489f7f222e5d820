// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/subscription.hpp>

#include <perron/runtime/deadline.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <utility>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds longest_delay = 5s;

} // namespace

subscription::subscription(topics where, std::string topic, subscription_options options)
    : link_(std::move(where), std::move(topic), longest_delay), options_(std::move(options)) {
  subscribe();
}

subscription::~subscription() {
  if (const runtime::pid who = link_.let_go())
    runtime::send(who, topic_unsubscribe{runtime::self(), tag(), false});
}

void subscription::subscribe() {
  if (process() || !link_.find())
    return;
  presence_ = 0;
  owes_want_ = false;
  topic_start from = options_.from;
  if (cursor_)
    from = {.behind = cursor_};
  runtime::send(process(), topic_subscribe{runtime::self(), tag(), from, options_.when_slow, options_.watch,
                                           options_.member});
}

topic_batch_ptr subscription::take(topic_news&& news) {
  link_.works();
  slot_ = news.slot;
  cursor_ = news.batch->next;
  if (news.batch->presence)
    presence_ = news.batch->presence->to;
  owes_want_ = true;
  return std::move(news.batch);
}

void subscription::take(topic_refused&& no) {
  link_.let_go();
  link_.refuse(std::move(no.why));
}

bool subscription::take(const runtime::down& end) {
  if (!link_.is_end(end))
    return false;
  if (link_.skip_first_delay())
    subscribe();
  else
    link_.later(); // the last one did not live long enough to answer
  return true;
}

void subscription::more() {
  if (std::exchange(owes_want_, false) && process())
    runtime::send(process(), topic_want{runtime::self(), tag(), slot_, cursor_.id, presence_});
}

void subscription::leave() {
  link_.refuse("left");
  owes_want_ = false;
  if (const runtime::pid who = link_.let_go())
    runtime::send(who, topic_unsubscribe{runtime::self(), tag(), true});
}

topic_batch_ptr subscription::next(std::chrono::nanoseconds timeout) {
  more();
  const runtime::deadline until(timeout);
  topic_batch_ptr out;
  for (bool in_time = true; in_time && !out && refused().empty();)
    runtime::receive(runtime::when([this](const topic_news& n) { return n.tag == tag(); },
                                   [&](topic_news n) { out = take(std::move(n)); }),
                     runtime::when([this](const topic_refused& n) { return n.tag == tag(); },
                                   [&](topic_refused n) { take(std::move(n)); }),
                     runtime::when([this](const runtime::down& end) { return end.ref == link_.monitor(); },
                                   [&](const runtime::down& end) { take(end); }),
                     runtime::when([this](const try_again& t) { return t.tag == tag(); },
                                   [&](const try_again& t) { take(t); }),
                     runtime::after(until.left(), [&] { in_time = false; }));
  return out;
}

} // namespace perron::httpd
