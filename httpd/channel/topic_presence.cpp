// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/topic.hpp>

#include <perron/httpd/channel/siblings/peers.hpp>
#include <perron/runtime/process.hpp>

#include <algorithm>

namespace perron::httpd {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds shortest_look =
    100ms; ///< at those whose end another node should have told

} // namespace

void topic::join(slot at, const topic_start& from, topic_membership member) {
  topic_subscriber& s = subscribers_[at];
  if (!peers_) {
    joined(at, from, presence_.join(s.serial, member.client, std::move(member.who), options_.unique_members));
    return;
  }
  s.given = history_.last(); // until it is served it is not slow
  s.has_member = true;
  joining_[s.serial] = {at, from};
  say(topic_frames::join{{s.serial, peers_->life()}, std::move(member.client), std::move(member.who)});
}

void topic::joined(slot at, const topic_start& from, presence_table::outcome what) {
  topic_subscriber& s = subscribers_[at];
  s.has_member = what == presence_table::outcome::joined;
  if (!s.has_member) {
    const topic_refused no{s.tag, what == presence_table::outcome::taken ? "somebody else has this name"
                                                                         : "too many members"};
    const runtime::pid who = s.who;
    forget(at, false);
    runtime::send(who, no);
    return;
  }
  presence_changed();
  begin_with(at, from);
}

/// A subscriber that has a member is one no more.
void topic::let_go(std::uint64_t serial, bool may_come_back) {
  if (peers_) {
    joining_.erase(serial);
    const presence_holder who(serial, peers_->life());
    say(may_come_back ? topic_frame(topic_frames::lost{who}) : topic_frame(topic_frames::leave{who}));
  } else if (!may_come_back) {
    presence_.leave(serial);
    presence_changed();
  } else if (auto absence = presence_.lost(serial)) {
    wait_for(std::move(*absence), 0);
  }
}

void topic::wait_for(presence_table::grace whose, std::uint64_t life) {
  absent_.push_back({runtime::deadline(options_.grace), std::move(whose), life});
  look_after_absent();
}

void topic::grace_over(absent whose) {
  if (!peers_) {
    presence_.grace_over(whose.whose);
    return;
  }
  if (!presence_.is_absent(whose.whose))
    return;
  if (whose.life == peers_->life() || !is_alive(whose.life))
    say(topic_frames::gone{whose.whose.key, whose.whose.generation});
  whose.until = runtime::deadline(std::max(options_.grace, shortest_look));
  absent_.push_back(std::move(whose)); // if who should say so dies before, another does
}

/// Told behind the mail that is there already, so that many changes at once are one.
void topic::presence_changed() {
  if (!std::exchange(presence_untold_, true))
    runtime::send(runtime::self(), tell_presence{});
}

void topic::tell_presence_to_waiting() {
  presence_untold_ = false;
  const std::vector<slot> waiting = waiting_;
  topic_batch_ptr batch;
  std::uint64_t from = 0;
  for (const slot at : waiting) {
    const topic_subscriber& s = subscribers_[at];
    if (!s.watch || s.presence == presence_.version())
      continue;
    stop_waiting(at);
    if (!batch || from != s.presence) {
      auto made = std::make_shared<topic_batch>();
      made->next = {epoch_, history_.last()};
      made->presence = presence_.since(s.presence, settled_);
      batch = std::move(made);
      from = s.presence;
    }
    give(at, batch);
  }
}

void topic::look_after_absent() {
  if (!settled_ && settled_at_.is_over()) {
    settled_ = true;
    presence_.restate();
    presence_changed();
  }
  const std::uint64_t before = presence_.version();
  for (std::size_t n = absent_.size(); n > 0 && absent_.front().until.is_over(); --n) {
    absent first = std::move(absent_.front());
    absent_.pop_front();
    grace_over(std::move(first));
  }
  if (presence_.version() != before)
    presence_changed();
  absent_timer_.cancel();
  if (!absent_.empty() || !settled_)
    absent_timer_ = runtime::send_after(settled_ ? absent_.front().until.left() : settled_at_.left(),
                                        runtime::self(), grace_is_over{});
}

} // namespace perron::httpd
