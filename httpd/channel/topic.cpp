// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/topic.hpp>

#include <perron/httpd/channel/siblings/peers.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/signals.hpp>

#include <algorithm>
#include <stdexcept>

namespace perron::httpd {
namespace {

// What one answer may bring: enough to catch up fast, little enough that it does not matter who holds it.
constexpr std::size_t most_in_batch = 64;
constexpr std::size_t most_bytes_in_batch = std::size_t(256) << 10;

} // namespace

topic::topic(std::string name, topic_options options, std::string group)
    : idle_timeout(options.idle_time), name_(std::move(name)), options_(std::move(options)),
      history_(options_.most_entries, options_.most_bytes), presence_(options_.most_members),
      origins_(options_.most_origins), settled_at_(options_.grace) {
  if (!group.empty() && siblings::count() > 1) {
    peers_ = std::make_unique<topic_peers>(std::move(group), name_, options_.store != nullptr);
    continue_with.emplace();
  }
  if (options_.store && peers_ && !peers_->keeps())
    options_.store = peers_->remote_store();
  else if (options_.store)
    open_store();
  else if (!peers_)
    epoch_ = new_epoch();
  slowest_ = history_.last();
  settled_ = options_.grace == std::chrono::milliseconds::zero();
  if (!settled_)
    absent_timer_ = runtime::send_after(options_.grace, runtime::self(), grace_is_over{});
}

void topic::open_store() {
  auto kept = options_.store->open(name_, options_.most_entries).value();
  epoch_ = kept.epoch;
  history_.begin_behind(kept.last - kept.newest.size());
  for (topic_record& record : kept.newest)
    keep(std::make_shared<topic_entry>(name_, epoch_, std::move(record)));
}

topic::~topic() {
  held_timer_.cancel();
  absent_timer_.cancel();
  ahead_timer_.cancel();
}

// -- publishing

void topic::handle_call(topic_publish request, runtime::caller from) { accept(std::move(request), from); }

void topic::handle_cast(topic_publish_mail request) {
  const mail_address from{request.who, request.tag, request.what.origin.number};
  accept(std::move(request.what), from);
}

void topic::accept(topic_publish&& what, const publisher& from) {
  if (what.data.size() > options_.most_data)
    answer(from, refusal("too long"));
  else if (held_.size() >= options_.most_held)
    answer(from, refusal("too many wait to publish", true));
  else if (!held_.empty())
    held_.push_back({std::move(what), from}); // behind those before it
  else if (!try_publish(what, from)) {
    held_.push_back({std::move(what), from});
    held_timer_ = runtime::send_after(options_.wait_time, runtime::self(), wait_is_over{++held_round_});
  }
}

bool topic::try_publish(topic_publish& what, const publisher& from) {
  if (auto before = repeated(what.origin)) {
    answer(from, std::move(*before));
    return true;
  }
  if (peers_ && !peers_->keeps())
    return try_share(what, from);
  topic_record record{history_.last() + 1, runtime::core::wall_ms(), what.origin, what.data};
  auto entry = std::make_shared<topic_entry>(name_, epoch_, std::move(record));
  if (!may_drop(history_.would_drop(entry->cost())))
    return false;
  if (options_.store) {
    if (const auto kept = options_.store->append(name_, entry->record()); !kept) {
      answer(from, refusal(kept.error().text, true));
      return true;
    }
    if (peers_)
      say(topic_frames::kept{epoch_, entry->record()});
  }
  keep(entry);
  topic_receipt receipt;
  receipt.at = entry->at();
  answer(from, std::move(receipt));
  tell_waiting(entry);
  return true;
}

/// Whether the entries up to a number may leave the history now. Ends the subscribers who would miss them and
/// are not to live with that.
bool topic::may_drop(std::uint64_t up_to) {
  if (options_.store || slowest_ >= up_to)
    return true;
  std::uint64_t slowest = history_.last();
  bool must_wait = false;
  for (const slot at : subscribers_.which(
           [](const topic_subscriber& s) { return s.when_slow != lag_policy::drop_oldest && !s.waits(); })) {
    const topic_subscriber& s = subscribers_[at];
    if (s.given < up_to && s.when_slow == lag_policy::disconnect) {
      fell_behind(at);
      continue;
    }
    slowest = std::min(slowest, s.given);
    must_wait = must_wait || s.given < up_to;
  }
  slowest_ = slowest;
  return !must_wait;
}

void topic::go_on_with_held() {
  if (held_.empty())
    return;
  bool moved = false;
  while (!held_.empty() && try_publish(held_.front().what, held_.front().from)) {
    held_.pop_front();
    moved = true;
  }
  if (!moved)
    return;
  held_timer_.cancel();
  ++held_round_;
  if (!held_.empty())
    held_timer_ = runtime::send_after(options_.wait_time, runtime::self(), wait_is_over{held_round_});
}

void topic::keep(const topic_entry_ptr& entry) {
  history_.push(entry);
  origins_.note(entry->record().origin, entry->at().id);
}

topic_receipt topic::refusal(std::string why, bool later) {
  topic_receipt out;
  out.refused = std::move(why);
  out.later = later;
  return out;
}

void topic::answer(const publisher& to, topic_receipt receipt) {
  if (const auto* call = std::get_if<runtime::caller>(&to)) {
    runtime::reply(*call, std::move(receipt));
  } else {
    const auto& mail = std::get<mail_address>(to);
    receipt.tag = mail.tag;
    receipt.number = mail.number;
    runtime::send(mail.who, std::move(receipt));
  }
}

std::optional<topic_receipt> topic::repeated(const topic_origin& origin) const {
  const auto id = origins_.repeated(origin);
  if (!id)
    return std::nullopt;
  topic_receipt receipt;
  receipt.repeated = true;
  if (*id != 0)
    receipt.at = {epoch_, *id};
  return receipt;
}

// -- subscribing

void topic::handle_cast(topic_subscribe wish) {
  if (const auto before = subscribers_.find(wish.who, wish.tag))
    forget(*before, false);
  if (subscribers_.size() >= options_.most_subscribers) {
    runtime::send(wish.who, topic_refused{wish.tag, "too many subscribers"});
    return;
  }
  topic_subscriber me;
  me.who = wish.who;
  me.tag = wish.tag;
  me.monitor = runtime::monitor(wish.who);
  me.when_slow = wish.when_slow;
  me.watch = wish.watch;
  const slot at = subscribers_.add(me);
  if (wish.member)
    join(at, wish.from, std::move(*wish.member));
  else
    begin_with(at, wish.from);
}

void topic::begin_with(slot at, const topic_start& from) {
  if (is_ahead(from))
    let_wait(at, from);
  else
    give_first(at, from);
}

/// Gives a new subscriber the first news.
void topic::give_first(slot at, const topic_start& from) {
  bool gap = false;
  std::optional<std::uint64_t> missed;
  const std::uint64_t behind = begin_at(from, gap, missed);
  serve(at, behind, true, gap, missed);
}

void topic::handle_cast(const topic_want& want) {
  if (!subscribers_.is(want.slot, want.who, want.tag))
    return; // it fell behind, and is about to learn it
  topic_subscriber& s = subscribers_[want.slot];
  stop_waiting(want.slot);
  const std::uint64_t behind = std::min(want.behind, history_.last());
  s.given = std::max(s.given, behind);
  s.presence = want.presence;
  serve(want.slot, behind, false, false, std::nullopt);
  go_on_with_held();
}

void topic::handle_cast(const topic_unsubscribe& who) {
  if (const auto at = subscribers_.find(who.who, who.tag))
    forget(*at, !who.leaves);
  go_on_with_held();
}

/// Where a new subscriber begins, and what it has missed for good.
std::uint64_t topic::begin_at(const topic_start& from, bool& gap,
                              std::optional<std::uint64_t>& missed) const {
  const std::uint64_t last = history_.last();
  const std::uint64_t kept_behind = history_.first() - 1;
  if (!from.behind) {
    const std::uint64_t begin = last - std::min(last, from.replay);
    return options_.store ? begin : std::max(begin, kept_behind);
  }
  if (from.behind.epoch != epoch_) {
    gap = true;
    return kept_behind;
  }
  if (from.behind.id > last) { // it has seen what this history does not know: a store has lost its end
    gap = true;
    return last;
  }
  if (!options_.store && from.behind.id < kept_behind) {
    gap = true;
    missed = kept_behind - from.behind.id;
    return kept_behind;
  }
  return from.behind.id;
}

/// Gives a subscriber what is behind a number, or lets it wait; the first time it is always given something.
void topic::serve(slot at, std::uint64_t behind, bool first, bool gap, std::optional<std::uint64_t> missed) {
  topic_subscriber& s = subscribers_[at];
  if (behind + 1 < history_.first()) {
    if (options_.store) {
      load(at, behind);
      return;
    }
    if (s.when_slow == lag_policy::disconnect) {
      fell_behind(at);
      return;
    }
    gap = true;
    missed = history_.first() - 1 - behind;
    behind = history_.first() - 1;
  }
  const bool presence_news = s.watch && s.presence != presence_.version();
  if (!gap && !first && !presence_news && behind == history_.last()) {
    s.waiting_at = static_cast<std::uint32_t>(waiting_.size());
    waiting_.push_back(at);
    return;
  }
  topic_batch_ptr batch = batch_behind(behind);
  if (gap || presence_news) {
    auto own = std::make_shared<topic_batch>(*batch);
    own->gap = gap;
    own->missed = missed;
    if (presence_news)
      own->presence = presence_.since(s.presence, settled_);
    batch = std::move(own);
  }
  give(at, std::move(batch));
}

topic_batch_ptr topic::batch_behind(std::uint64_t behind) {
  if (last_batch_.second && last_batch_.first == behind &&
      (last_batch_.second->next.id == history_.last() || last_batch_.second->entries.size() >= most_in_batch))
    return last_batch_.second;
  auto batch = std::make_shared<topic_batch>();
  batch->entries = history_.behind(behind, most_in_batch, most_bytes_in_batch);
  batch->next = {epoch_, batch->entries.empty() ? behind : batch->entries.back()->at().id};
  last_batch_ = {behind, batch};
  return batch;
}

void topic::give(slot at, topic_batch_ptr batch) {
  topic_subscriber& s = subscribers_[at];
  s.given = batch->next.id;
  if (batch->presence)
    s.presence = batch->presence->to;
  if (s.when_slow != lag_policy::drop_oldest)
    slowest_ = std::min(slowest_, s.given);
  runtime::send(s.who, topic_news{s.tag, at, std::move(batch)});
}

void topic::tell_waiting(const topic_entry_ptr& entry) {
  if (waiting_.empty())
    return;
  auto batch = std::make_shared<topic_batch>();
  batch->entries.push_back(entry);
  batch->next = entry->at();
  last_batch_ = {entry->at().id - 1, batch};
  for (const slot at : waiting_) {
    subscribers_[at].waiting_at = topic_subscriber::not_waiting;
    give(at, last_batch_.second);
  }
  waiting_.clear();
}

void topic::stop_waiting(slot at) {
  const std::uint32_t place = std::exchange(subscribers_[at].waiting_at, topic_subscriber::not_waiting);
  if (place == topic_subscriber::not_waiting)
    return;
  waiting_[place] = waiting_.back();
  waiting_.pop_back();
  if (place < waiting_.size())
    subscribers_[waiting_[place]].waiting_at = place;
}

// -- what only the store has

void topic::load(slot at, std::uint64_t behind) {
  std::vector<reader>& readers = loads_[behind];
  readers.push_back({at, subscribers_[at].serial});
  if (readers.size() > 1)
    return;
  runtime::spawn_link([store = options_.store, name = name_, epoch = epoch_,
                       kept_behind = history_.first() - 1, behind, to = runtime::self()] {
    auto records = store->load(name, behind, most_in_batch).value();
    auto batch = std::make_shared<topic_batch>();
    for (topic_record& record : records)
      batch->entries.push_back(std::make_shared<topic_entry>(name, epoch, std::move(record)));
    const std::uint64_t begin = batch->entries.empty() ? kept_behind + 1 : batch->entries.front()->at().id;
    batch->next = {epoch, batch->entries.empty() ? kept_behind : batch->entries.back()->at().id};
    if (begin > behind + 1) {
      batch->gap = true;
      batch->missed = begin - behind - 1;
    }
    runtime::send(to, loaded{behind, std::move(batch)});
  });
}

void topic::take_loaded(const loaded& what) {
  const auto found = loads_.find(what.behind);
  const std::vector<reader> readers = std::move(found->second);
  loads_.erase(found);
  for (const reader& r : readers) {
    if (!subscribers_.is(r.at, r.serial))
      continue;
    topic_subscriber& s = subscribers_[r.at];
    if (s.watch && s.presence != presence_.version()) {
      auto own = std::make_shared<topic_batch>(*what.batch);
      own->presence = presence_.since(s.presence, settled_);
      give(r.at, std::move(own));
    } else {
      give(r.at, what.batch);
    }
  }
}

// -- ends

void topic::fell_behind(slot at) {
  const runtime::pid who = subscribers_[at].who;
  forget(at, true);
  runtime::exit(who, runtime::exit_reason::custom("fell behind topic " + name_));
}

/// Those for whom publishers wait, but not for ever.
void topic::end_those_behind(std::uint64_t up_to) {
  for (const slot at : subscribers_.which([up_to](const topic_subscriber& s) {
         return s.when_slow == lag_policy::wait && !s.waits() && s.given < up_to;
       }))
    fell_behind(at);
}

void topic::forget(slot at, bool may_come_back) {
  const topic_subscriber s = subscribers_[at];
  stop_waiting(at);
  runtime::demonitor(s.monitor);
  subscribers_.remove(at);
  if (s.has_member)
    let_go(s.serial, may_come_back);
}

void topic::handle_info(runtime::any_message what) {
  if (const auto* end = what.get_if<runtime::down>()) {
    if (const auto at = subscribers_.find(end->ref))
      forget(*at, true);
    go_on_with_held();
  } else if (const auto* news = what.get_if<siblings::news>()) {
    hear(*news);
  } else if (const auto* batch = what.get_if<loaded>()) {
    take_loaded(*batch);
  } else if (what.get_if<tell_presence>() != nullptr) {
    tell_presence_to_waiting();
  } else if (what.get_if<grace_is_over>() != nullptr) {
    look_after_absent();
  } else if (const auto* over = what.get_if<wait_is_over>(); over != nullptr && over->round == held_round_) {
    const topic_entry next(name_, epoch_,
                           {history_.last() + 1, 0, held_.front().what.origin, held_.front().what.data});
    const std::uint64_t up_to = history_.would_drop(next.cost());
    end_those_behind(up_to);
    go_on_with_held();
  } else if (peers_) {
    hear_other(std::move(what));
  }
}

void topic::handle_timeout() {
  if (subscribers_.size() == 0 && presence_.size() == 0 && held_.empty() && under_way_.empty())
    throw runtime::stop_server{};
}

topic_figures::reply topic::handle_call(topic_figures) const {
  topic_figures::reply out;
  out.newest = {epoch_, history_.last()};
  out.oldest = history_.first();
  out.bytes = history_.bytes();
  out.subscribers = subscribers_.size();
  out.waiting = waiting_.size();
  out.members = presence_.size();
  out.held = held_.size();
  return out;
}

} // namespace perron::httpd
