// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/topic.hpp>

#include <perron/httpd/channel/siblings/peers.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/process.hpp>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

/// What a topic does where it has a process in each of several nodes (README.md).
namespace perron::httpd {
namespace {

constexpr std::size_t most_state = std::size_t(8) << 20; ///< bytes of entries that are given to who begins
constexpr std::size_t typical_entry = 512;               ///< what one takes beside its data

} // namespace

void topic::say(const topic_frame& what) const {
  if (const auto sent = peers_->send(what); !sent)
    throw std::runtime_error("topic " + name_ + " cannot tell the other nodes: " + sent.error().text);
}

// -- beginning

void topic::handle_continue(take_up) {
  if (auto state = peers_->take_up()) {
    take_over(std::move(*state));
  } else {
    lives_.push_back({peers_->life(), peers_->node()});
    if (!peers_->keeps())
      epoch_ = new_epoch();
  }
  slowest_ = history_.last();
  if (peers_->keeps()) {
    peers_->may_give(false); // what is published now may be before the head in it, and behind it in the order
    say(topic_frames::head{epoch_, history_.last()});
  }
  for (const topic_life& each : lives_) // a node may have died before this one could be told
    if (!peers_->is_up(each.node))
      say(topic_frames::over{each.life});
  for (const topic_asked& each : peers_->take_waiting())
    give_state(each);
}

void topic::take_over(topic_state&& state) {
  if (!peers_->keeps()) {
    epoch_ = state.newest.epoch;
    history_.begin_behind(state.newest.id - state.records.size());
    for (topic_record& record : state.records)
      history_.push(std::make_shared<topic_entry>(name_, epoch_, std::move(record)));
    for (const origin_table::kept& each : state.origins)
      origins_.note(each.origin, each.id);
  }
  std::vector<presence_table::grace> absentees;
  for (const presence_table::kept& each : state.members)
    if (each.holders.empty())
      absentees.push_back({each.who.key, each.generation});
  presence_.restore(std::move(state.members), state.generations);
  lives_ = std::move(state.lives);
  settled_ = settled_ || state.settled;
  peers_->begin_at(state.place);
  for (presence_table::grace& each : absentees)
    wait_for(std::move(each), 0);
}

topic_state topic::state_now() const {
  topic_state out;
  out.place = peers_->place();
  out.newest = {epoch_, history_.last()};
  out.settled = settled_;
  std::size_t bytes = 0;
  std::size_t first = history_.size();
  for (; first > 0; --first) {
    bytes += history_[first - 1]->cost();
    if (bytes > most_state)
      break;
  }
  for (; first < history_.size(); ++first)
    out.records.push_back(history_[first]->record());
  out.origins = origins_.all();
  out.members = presence_.all();
  out.generations = presence_.generations();
  out.lives = lives_;
  return out;
}

void topic::give_state(const topic_asked& to) const {
  runtime::send(to.who, topic_told{.has = true, .state = encode(state_now())});
}

// -- publishing

/// Publishes by way of the other nodes, unless subscribers of this one have to be waited for.
bool topic::try_share(topic_publish& what, const publisher& from) {
  if (options_.store) {
    publish_there(what, from);
    return true;
  }
  if (!may_drop(history_.would_drop(2 * what.data.size() + typical_entry)))
    return false;
  if (under_way_.size() >= options_.most_held) {
    answer(from, refusal("too many publish", true));
    return true;
  }
  const auto sent = peers_->send(topic_frames::publish{peers_->life(), ++shared_, runtime::core::wall_ms(),
                                                       std::move(what.origin), std::move(what.data)});
  if (sent)
    under_way_.push_back({shared_, from});
  else
    answer(from, refusal(sent.error().text, sent.error().code != EMSGSIZE));
  return true;
}

void topic::publish_there(topic_publish& what, const publisher& from) {
  if (elsewhere_ >= options_.most_held) {
    answer(from, refusal("too many publish", true));
    return;
  }
  ++elsewhere_;
  peers_->publish_there(std::move(what), [from, me = runtime::self()](topic_receipt receipt) {
    answer(from, std::move(receipt));
    runtime::send(me, publish_came_back{});
  });
}

// -- subscribers that come from another node

/// The node that it comes from was before this one, and may have died since. What it has seen is on its way
/// here, or in the store, where it is found when that node is up again.
bool topic::is_ahead(const topic_start& from) const {
  return peers_ && !peers_->keeps() && from.behind && from.behind.epoch == epoch_ &&
         from.behind.id > history_.last();
}

void topic::let_wait(slot at, const topic_start& from) {
  topic_subscriber& s = subscribers_[at];
  s.given = from.behind.id;
  ahead_.push_back({at, s.serial, from, runtime::deadline(options_.grace)});
  if (ahead_.size() == 1)
    look_after_ahead();
}

/// With those whom this copy has caught up with, and with those who have waited for it in vain.
void topic::begin_with_ahead() {
  if (ahead_.empty())
    return;
  for (const ahead& each : std::exchange(ahead_, {})) {
    if (!subscribers_.is(each.at, each.serial))
      continue;
    if (is_ahead(each.from) && !each.until.is_over())
      ahead_.push_back(each);
    else
      give_first(each.at, each.from);
  }
  look_after_ahead();
}

/// All have the same time, so the first is the one who has waited longest.
void topic::look_after_ahead() {
  ahead_timer_.cancel();
  if (!ahead_.empty())
    ahead_timer_ = runtime::send_after(ahead_.front().until.left(), runtime::self(), look_at_ahead{});
}

// -- what comes from the other nodes

void topic::hear(const siblings::news& what) {
  if (!peers_)
    return;
  if (auto frame = peers_->take(what))
    std::visit([this](auto& each) { did(each); }, *frame);
  for (const topic_asked& each : peers_->take_waiting())
    give_state(each);
}

void topic::hear_other(runtime::any_message what) {
  if (const auto* question = what.get_if<topic_asked>()) {
    if (peers_->take(*question))
      give_state(*question);
  } else if (what.get_if<publish_came_back>() != nullptr) {
    --elsewhere_;
  } else if (what.get_if<look_at_ahead>() != nullptr) {
    begin_with_ahead();
  } else if (const auto* change = what.get_if<siblings::node_change>()) {
    peers_->take(*change);
    for (const topic_life& each : lives_)
      if (!change->up && each.node == change->node)
        say(topic_frames::over{each.life});
  }
}

bool topic::is_alive(std::uint64_t life) const {
  return std::any_of(lives_.begin(), lives_.end(), [life](const topic_life& l) { return l.life == life; });
}

void topic::end_life(std::uint64_t life) {
  std::erase_if(lives_, [life](const topic_life& l) { return l.life == life; });
  for (presence_table::grace& each : presence_.lost_life(life))
    wait_for(std::move(each), life);
}

void topic::did(const topic_frames::began& what) {
  const std::vector<topic_life> before = lives_;
  for (const topic_life& each : before)
    if (each.node == what.node)
      end_life(each.life);
  lives_.push_back({what.life, what.node});
}

void topic::did(const topic_frames::over& what) {
  if (what.life == peers_->life())
    throw std::runtime_error("the other nodes took topic " + name_ + " for dead");
  end_life(what.life);
}

void topic::did(topic_frames::publish& what) {
  topic_receipt receipt;
  if (auto before = repeated(what.origin)) {
    receipt = std::move(*before);
  } else {
    topic_record record{history_.last() + 1, what.at_ms, std::move(what.origin), std::move(what.data)};
    const auto entry = std::make_shared<topic_entry>(name_, epoch_, std::move(record));
    const std::uint64_t up_to = history_.would_drop(entry->cost());
    if (!may_drop(up_to))
      end_those_behind(up_to);
    keep(entry);
    receipt.at = entry->at();
    tell_waiting(entry);
    begin_with_ahead();
  }
  if (what.life != peers_->life())
    return;
  for (; !under_way_.empty() && under_way_.front().serial < what.serial; under_way_.pop_front())
    answer(under_way_.front().from, refusal("it was lost on its way", true));
  if (!under_way_.empty() && under_way_.front().serial == what.serial) {
    answer(under_way_.front().from, std::move(receipt));
    under_way_.pop_front();
  }
}

void topic::did(topic_frames::kept& what) {
  if (peers_->keeps() || (what.epoch == epoch_ && what.record.id <= history_.last()))
    return;
  if (what.epoch != epoch_ || what.record.id != history_.last() + 1)
    throw std::runtime_error("topic " + name_ + " has missed entries of the node that has the store");
  const auto entry = std::make_shared<topic_entry>(name_, epoch_, std::move(what.record));
  keep(entry);
  tell_waiting(entry);
  begin_with_ahead();
}

void topic::did(const topic_frames::head& what) {
  if (peers_->keeps())
    peers_->may_give(true);
  else if (what.epoch != epoch_ || what.last != history_.last())
    throw std::runtime_error("topic " + name_ + " has another history than the node that has the store");
}

void topic::did(topic_frames::join& what) {
  if (!is_alive(what.who.life))
    return;
  const auto outcome = presence_.join(what.who, what.client, std::move(what.member), options_.unique_members);
  if (outcome == presence_table::outcome::joined)
    presence_changed();
  if (what.who.life != peers_->life())
    return;
  const auto found = joining_.find(what.who.serial);
  if (found == joining_.end())
    return; // it has gone, and its `leave` or `lost` is on its way
  const joining mine = found->second;
  joining_.erase(found);
  joined(mine.at, mine.from, outcome);
}

void topic::did(const topic_frames::leave& what) {
  presence_.leave(what.who);
  presence_changed();
}

void topic::did(const topic_frames::lost& what) {
  if (auto absence = presence_.lost(what.who))
    wait_for(std::move(*absence), what.who.life);
}

void topic::did(const topic_frames::gone& what) {
  presence_.grace_over({what.key, what.generation});
  presence_changed();
}

} // namespace perron::httpd
