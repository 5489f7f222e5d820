// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/session.hpp>

#include <perron/httpd/response.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace perron::httpd {
namespace {

topic_receipt rejection(const std::string& why) {
  topic_receipt out;
  out.refused = why;
  return out;
}

} // namespace

runtime::result<void> authorise(const channel_setup& setup, const channel_client& who,
                                channel_request& what) {
  if (!setup.options.authorise)
    return {};
  const auto kind = what.what == channel_request::kind::publish ? channel_wish::kind::publish
                                                                : channel_wish::kind::subscribe;
  return setup.options.authorise({kind, what.topic, who.from, who.user, what.member, what.data});
}

channel_session::channel_session(std::shared_ptr<const channel_setup> setup, channel_client who,
                                 channel_sink& out)
    : setup_(std::move(setup)), who_(std::move(who)), out_(out) {
  out_.send(welcome_message(who_.from));
}

void channel_session::message(std::string_view text) {
  try {
    handle(parse_channel_request(text));
  } catch (const http_error& bad) {
    out_.send(error_message(bad.what()));
    out_.refuse(bad.what());
  }
}

void channel_session::handle(channel_request&& what) {
  switch (what.what) {
  case channel_request::kind::subscribe:
    subscribe(std::move(what));
    break;
  case channel_request::kind::unsubscribe:
    for (auto& each : subscriptions_)
      if (each->to.topic() == what.topic)
        each->to.leave();
    std::erase_if(subscriptions_, [&](const auto& each) { return each->to.topic() == what.topic; });
    break;
  case channel_request::kind::publish:
    publish(std::move(what));
    break;
  case channel_request::kind::ping:
    out_.send(pong_message);
    break;
  }
}

void channel_session::subscribe(channel_request&& what) {
  std::erase_if(subscriptions_, [&](const auto& each) { return each->to.topic() == what.topic; });
  if (subscriptions_.size() >= setup_->options.most_topics) {
    out_.send(refused_message(what.topic, "too many topics"));
    return;
  }
  if (const auto allowed = authorise(*setup_, who_, what); !allowed) {
    out_.send(refused_message(what.topic, allowed.error().text));
    return;
  }
  subscription_options options{
      .from = what.from, .when_slow = setup_->options.when_slow, .watch = what.watch};
  if (what.member)
    options.member = topic_membership{what.owner.empty() ? who_.id : what.owner, std::move(*what.member)};
  subscriptions_.push_back(
      std::make_unique<subscribed>(setup_->where, std::move(what.topic), std::move(options)));
  forget_refused();
}

void channel_session::publish(channel_request&& what) {
  const std::size_t pending =
      std::accumulate(publishers_.begin(), publishers_.end(), std::size_t(0),
                      [](std::size_t sum, const auto& each) { return sum + each->pending(); });
  if (pending >= setup_->options.most_pending) {
    out_.refuse("too many publishes at once");
    return;
  }
  if (const auto allowed = authorise(*setup_, who_, what); !allowed) {
    out_.send(receipt_message(what.topic, what.number, rejection(allowed.error().text)));
    return;
  }
  auto at = std::find_if(publishers_.begin(), publishers_.end(),
                         [&](const auto& each) { return each->topic() == what.topic; });
  if (at == publishers_.end())
    at = publishers_.insert(at, std::make_unique<topic_publisher>(setup_->where, what.topic));
  (*at)->publish(what.data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                 {who_.from, what.number});
  forget_refused();
}

void channel_session::mail(topic_news&& news) {
  const auto at = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                               [&](const auto& each) { return each->to.tag() == news.tag; });
  if (at == subscriptions_.end())
    return;
  subscribed& mine = **at;
  const topic_batch_ptr batch = mine.to.take(std::move(news));
  if (batch->gap)
    out_.send(gap_message(mine.to.topic(), *batch));
  for (const topic_entry_ptr& entry : batch->entries)
    out_.send(entry);
  if (batch->presence)
    out_.send(presence_message(mine.to.topic(), *batch->presence));
  if (!std::exchange(mine.told, true))
    out_.send(subscribed_message(mine.to.topic(), batch->next));
  mine.to.more();
}

void channel_session::mail(topic_refused&& no) {
  const auto at = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                               [&](const auto& each) { return each->to.tag() == no.tag; });
  if (at != subscriptions_.end())
    (*at)->to.take(std::move(no));
  forget_refused();
}

void channel_session::mail(topic_receipt&& receipt) {
  const auto at = std::find_if(publishers_.begin(), publishers_.end(),
                               [&](const auto& each) { return each->tag() == receipt.tag; });
  if (at == publishers_.end())
    return;
  if (const auto done = (*at)->take(std::move(receipt)))
    out_.send(receipt_message((*at)->topic(), done->number, done->receipt));
  if ((*at)->pending() == 0)
    publishers_.erase(at);
}

void channel_session::mail(const runtime::down& end) {
  for (auto& each : subscriptions_)
    if (each->to.take(end))
      break;
  for (auto& each : publishers_)
    if (each->take(end))
      break;
  forget_refused();
}

void channel_session::mail(const subscription::try_again& again) {
  for (auto& each : subscriptions_)
    if (each->to.tag() == again.tag)
      each->to.take(again);
  for (auto& each : publishers_)
    if (each->tag() == again.tag)
      each->take(again);
  forget_refused();
}

/// Tells the client which topics have said no.
void channel_session::forget_refused() {
  for (const auto& each : subscriptions_)
    if (!each->to.refused().empty())
      out_.send(refused_message(each->to.topic(), each->to.refused()));
  std::erase_if(subscriptions_, [](const auto& each) { return !each->to.refused().empty(); });
  for (const auto& each : publishers_)
    if (!each->refused().empty())
      for (const topic_publish& lost : each->abandon())
        out_.send(receipt_message(each->topic(), lost.origin.number, rejection(each->refused())));
  std::erase_if(publishers_, [](const auto& each) { return each->pending() == 0; });
}

} // namespace perron::httpd
