// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/chat.hpp>

#include <perron/bench/soak/announcement.hpp>
#include <perron/bench/soak/channel_client.hpp>

#include <algorithm>

namespace perron::soak {

chat_activity::chat_activity(connections& all, const std::string& path, std::uint8_t share,
                             std::uint32_t links, std::uint32_t room, double messages)
    : ws_activity(all, path, share), path_(path), share_(share), links_(links), room_(room),
      rate_(messages * (links / room)), said_(links / room) {}

std::uint32_t chat_activity::room_of(const link& l) {
  if (first_ == ~std::uint32_t{0})
    for (first_ = 0; all_.links()[first_].share != share_;)
      ++first_;
  return (all_.index_of(l) - first_) / room_;
}

std::string chat_activity::topic_of(std::uint32_t room) const {
  return "room-" + std::to_string(all_.how().process) + '-' + std::to_string(room);
}

std::string chat_activity::handshake(const link& l) const {
  return upgrade_to(path_ + "?client=" + channel_client_id(all_, l));
}

void chat_activity::ready(link& l) {
  l.step = outside;
  say(l, R"({"type":"subscribe","topic":")" + topic_of(room_of(l)) + "\"}");
}

void chat_activity::text(link& l, std::string_view payload) {
  if (is_of_type(payload, "message"))
    return hear(l, payload);
  if (is_of_type(payload, "subscribed") && l.step == outside) {
    l.step = inside;
    ++inside_;
  } else if (is_of_type(payload, "refused") || is_of_type(payload, "rejected") ||
             is_of_type(payload, "error")) {
    all_.fail(l, error_kind::bad_answer, payload);
  } else if (is_of_type(payload, "gap")) {
    all_.count_error(error_kind::lost_message, payload);
  }
}

void chat_activity::hear(link& l, std::string_view payload) {
  const auto what = announcement::in(payload);
  if (!what || what->sender != room_of(l) + 1)
    return all_.fail(l, error_kind::bad_answer, "a message of another room");
  if (l.step == inside) {
    l.step = listening;
    l.next = what->number;
  }
  // What is behind the awaited one has been skipped before, and counted as lost, or was there.
  if (what->number < l.next)
    return all_.count_error(
        what->number + 1 == l.next ? error_kind::repeated_message : error_kind::misordered_message, payload);
  for (; l.next < what->number; ++l.next)
    all_.count_error(error_kind::lost_message, "a later one came");
  ++l.next;
  all_.block().messages.add();
  all_.block().publish.record(static_cast<std::uint64_t>(std::max<std::int64_t>(now_ns() - what->at_ns, 0)));
}

void chat_activity::enter(const phase& p, std::int64_t now) {
  ws_activity::enter(p, now);
  const bool before = speaks_;
  speaks_ = p.what == phase_kind::hold || p.what == phase_kind::chaos;
  if (speaks_ && !before && rate_ > 0) {
    speech_ = {all_.now(), rate_};
    spoken_ = 0;
  } else if (!speaks_) {
    speech_ = {never_ns, 0};
  }
  if (p.what == phase_kind::drain)
    count_missing();
}

void chat_activity::work(std::int64_t now) {
  ws_activity::work(now);
  for (const std::uint64_t due = speech_.due(now); spoken_ < due; ++spoken_)
    speak(static_cast<std::uint32_t>(spoken_ % said_.size()));
}

void chat_activity::speak(std::uint32_t room) {
  auto& links = all_.links();
  for (std::uint32_t i = 0; i < room_ && first_ != ~std::uint32_t{0}; ++i) {
    link& l = links[first_ + room * room_ + i];
    if (!is_ready(l) || l.step == outside)
      continue;
    const std::uint32_t number = said_[room]++;
    const announcement next{.sender = room + 1, .number = number, .at_ns = now_ns()};
    all_.block().said.add();
    return say(l, R"({"type":"publish","topic":")" + topic_of(room) + R"(","number":)" +
                      std::to_string(number + 1) + R"(,"data":")" + next.text() + "\"}");
  }
}

bool chat_activity::finished() const {
  if (inside_ != links_ || !ws_activity::finished())
    return false;
  if (speaks_)
    return true;
  return std::all_of(all_.links().begin(), all_.links().end(), [&](const link& l) {
    return l.share != share_ || l.step != listening || l.next == said_[(all_.index_of(l) - first_) / room_];
  });
}

void chat_activity::count_missing() {
  for (const link& l : all_.links())
    if (l.share == share_ && l.step == listening)
      for (std::uint32_t next = l.next; next < said_[room_of(l)]; ++next)
        all_.count_error(error_kind::lost_message, "it did not come before the end");
}

void chat_activity::gone(link& l) {
  if (l.step != outside && inside_ > 0)
    --inside_;
  l.step = outside;
  ws_activity::gone(l);
}

} // namespace perron::soak
