// SPDX-License-Identifier: BSD-3-Clause
#include "support/interleave_explorer.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace perron::interleave {
namespace detail {
namespace {

std::uint64_t mix(std::uint64_t seed, std::uint64_t value) noexcept {
  std::uint64_t x = seed ^ (value + 0x9e3779b97f4a7c15U + (seed << 6) + (seed >> 2));
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

#ifdef __OPTIMIZE__
constexpr bool steps_are_dear = testing::under_sanitizer;
#else
constexpr bool steps_are_dear = true;
#endif

void join(vector_clock& into, const vector_clock& other) noexcept {
  for (std::size_t i = 0; i < into.size(); ++i)
    into[i] = std::max(into[i], other[i]);
}

bool acquires(std::memory_order order) noexcept {
  return order == std::memory_order_acquire || order == std::memory_order_consume ||
         order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}

bool releases(std::memory_order order) noexcept {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

} // namespace

explorer* explorer::active = nullptr;

explorer::explorer(const options& how) : how_(how) {
  threads_.resize(most_threads);
  for (std::size_t i = 1; i < most_threads; ++i)
    threads_[i].stack = std::make_unique<coroutine>();
}

outcome explorer::search(const std::function<void(run&)>& scenario) {
  active = this;
  outcome result;
  run handle(*this);
  do {
    begin();
    scenario(handle);
    ++result.schedules;
    result.report = std::move(violation_);
    if (result.report.empty() && result.schedules == how_.most_schedules)
      result.report = "not exhaustive: the limit of schedules was reached\n";
    result.holds = result.report.empty();
  } while (result.holds && next_path());
  active = nullptr;
  return result;
}

void explorer::add_thread(const char* name, std::function<void()> body) {
  if (used_ == most_threads)
    throw std::length_error("a scenario has at most seven threads");
  virtual_thread& t = threads_[used_++];
  t.name = name;
  t.stack->start(std::move(body));
}

void explorer::add_label(const void* object, std::size_t size, std::string name) {
  labels_.push_back({static_cast<const char*>(object), size, std::move(name)});
}

void explorer::violate(std::string text) {
  if (!violated_.empty())
    return;
  violated_ = std::move(text);
  violated_by_ = current_;
  if (current_ == 0)
    write_report();
}

answer explorer::perform(const request& what) {
  virtual_thread& t = threads_[current_];
  if (current_ == 0) {
    execute(0, what);
    return t.got;
  }
  t.wants = what;
  t.waiting = true;
  t.stack->suspend();
  return t.got;
}

void explorer::begin() {
  for (virtual_thread& t : threads_) {
    t.history = 0;
    t.known = t.seen = t.fenced = {};
    t.buffer.clear();
    t.waiting = false;
  }
  for (std::size_t i = 0; i < most_threads; ++i)
    threads_[i].known[i] = 1;
  used_ = 1;
  current_ = last_ = 0;
  interruptions_ = failures_ = 0;
  locations_made_ = 0;
  locations_.clear();
  labels_.clear();
  steps_.clear();
  violated_.clear();
  at_ = 0;
  known_from_here_ = false;
}

bool explorer::next_path() {
  while (!path_.empty() && path_.back().taken + 1 == path_.back().of)
    path_.pop_back();
  if (path_.empty())
    return false;
  ++path_.back().taken;
  return true;
}

std::uint32_t explorer::choose(std::uint32_t of, bool same_state) {
  if (of == 1)
    return 0;
  if (at_ < path_.size()) {
    if (path_[at_].of != of)
      violate("the scenario does not do the same in every run");
    return std::min(path_[at_++].taken, of - 1);
  }
  if (!same_state && !known_from_here_)
    known_from_here_ = !visited_.insert(state()).second;
  if (known_from_here_)
    return 0;
  path_.push_back({0, of});
  ++at_;
  return 0;
}

/// Two prefixes with the same state have the same operations in the same order on every location, so whatever
/// can follow one can follow the other.
std::uint64_t explorer::state() const {
  std::uint64_t hash = 0;
  for (std::size_t i = 1; i < used_; ++i)
    hash = mix(mix(hash, threads_[i].history), threads_[i].buffer.size());
  for (const location* where : locations_)
    hash = mix(hash, where->history);
  if (how_.preemptions >= 0)
    hash = mix(mix(hash, last_), static_cast<std::uint64_t>(interruptions_));
  return hash;
}

void explorer::resume(std::size_t i) {
  virtual_thread& t = threads_[i];
  t.waiting = false;
  current_ = i;
  t.stack->resume();
  current_ = 0;
}

void explorer::go() {
  for (std::size_t i = 1; i < used_; ++i) {
    join(threads_[i].known, threads_[0].known);
    resume(i);
  }
  ++threads_[0].known[0];

  std::array<std::size_t, 2 * most_threads>
      options{}; // i: thread i goes on; most_threads + i: its store arrives
  for (;;) {
    std::uint32_t count = 0;
    const bool could_go_on = last_ != 0 && threads_[last_].can_go_on();
    if (could_go_on)
      options[count++] = last_;
    if (!could_go_on || how_.preemptions < 0 || interruptions_ < how_.preemptions) {
      for (std::size_t i = 1; i < used_; ++i)
        if (i != last_ && threads_[i].can_go_on())
          options[count++] = i;
    }
    for (std::size_t i = 1; i < used_; ++i)
      if (!threads_[i].buffer.empty())
        options[count++] = most_threads + i;
    if (count == 0) {
      if (release_waiters() == 0)
        break;
      continue;
    }
    if (steps_.size() >= how_.most_steps) {
      violate("does not end");
      break;
    }
    const std::size_t chosen = options[choose(count, false)];
    if (chosen >= most_threads) {
      flush_one(chosen - most_threads);
      continue;
    }
    if (could_go_on && chosen != last_)
      ++interruptions_;
    last_ = chosen;
    execute(chosen, threads_[chosen].wants);
    resume(chosen);
  }

  for (std::size_t i = 1; i < used_; ++i)
    join(threads_[0].known, threads_[i].known);
  if (!violated_.empty())
    write_report();
}

std::size_t explorer::release_waiters() {
  std::size_t released = 0;
  for (std::size_t i = 1; i < used_; ++i) {
    virtual_thread& t = threads_[i];
    if (!t.waiting)
      continue;
    t.got = {0, false};
    t.history = mix(t.history, 0x6e6f6e65);
    steps_.push_back({step::kind::operation, i, t.wants, 0, 0, false, false, nullptr});
    resume(i);
    ++released;
  }
  return released;
}

void explorer::load_from(virtual_thread& t, location& where, std::memory_order order) {
  join(t.seen, where.released);
  if (acquires(order))
    join(t.known, where.released);
  t.history = mix(mix(t.history, where.number), where.history);
}

void explorer::write_to(virtual_thread& t, location& where, std::uint64_t value, std::memory_order order,
                        bool continues) {
  vector_clock released = releases(order) ? t.known : t.fenced;
  // the release sequence of an earlier store goes on through a read-modify-write, not through a store
  if (continues)
    join(released, where.released);
  where.value = value;
  where.released = released;
  where.history = mix(where.history, t.history);
}

void explorer::fence_in(virtual_thread& t, std::memory_order order) {
  if (acquires(order))
    join(t.known, t.seen);
  if (releases(order))
    t.fenced = t.known;
}

void explorer::flush_one(std::size_t i) {
  virtual_thread& t = threads_[i];
  const buffered_store store = t.buffer.front();
  t.buffer.pop_front();
  location& where = *store.where;
  steps_.push_back(
      {step::kind::flush, i, {action::store, &where}, where.value, store.value, true, false, nullptr});
  where.value = store.value;
  where.released = store.released;
  where.history = mix(where.history, store.history);
}

void explorer::flush_all(std::size_t i) {
  while (!threads_[i].buffer.empty())
    flush_one(i);
}

void explorer::execute(std::size_t i, const request& what) {
  virtual_thread& t = threads_[i];
  const bool buffers = how_.store_buffers && i != 0;
  const bool plain_store = what.what == action::store && what.order != std::memory_order_seq_cst;
  const bool strong_fence = what.what == action::fence && what.order == std::memory_order_seq_cst;
  if ((what.what != action::load && what.what != action::fence && !plain_store) || strong_fence)
    flush_all(i);

  step done{step::kind::operation, i, what};
  t.history = mix(t.history, static_cast<std::uint64_t>(what.what));
  if (what.where == nullptr) {
    if (what.what == action::heavy_barrier) {
      for (std::size_t other = 1; other < used_; ++other) {
        for (const buffered_store& store : threads_[other].buffer)
          t.history = mix(t.history, store.history);
        flush_all(other);
        fence_in(threads_[other], std::memory_order_seq_cst);
        threads_[other].history = mix(threads_[other].history, t.history);
      }
    }
    fence_in(t, what.order);
    t.got = {};
  } else {
    location& where = *what.where;
    const std::uint64_t mask =
        where.width == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * where.width)) - 1;
    done.before = where.value;
    t.got = {where.value, true};
    switch (what.what) {
    case action::load: {
      const auto own = std::find_if(t.buffer.rbegin(), t.buffer.rend(),
                                    [&](const buffered_store& store) { return store.where == &where; });
      if (own != t.buffer.rend()) {
        t.history = mix(t.history, own->history);
        t.got.before = done.before = own->value;
        done.own_store = true;
      } else {
        load_from(t, where, what.order);
      }
      break;
    }
    case action::store:
      t.history = mix(t.history, where.number);
      done.after = what.operand;
      if (buffers && plain_store) {
        t.buffer.push_back({&where, what.operand, t.history, releases(what.order) ? t.known : t.fenced});
        done.own_store = true;
      } else {
        write_to(t, where, what.operand, what.order, false);
      }
      break;
    case action::compare_exchange: {
      bool equal = where.value == what.expected;
      if (equal && what.weak && i != 0 && failures_ < how_.spurious_failures && choose(2, true) == 1) {
        ++failures_;
        equal = false;
        t.history = mix(t.history, 0x73707572);
      }
      load_from(t, where, equal ? what.order : what.on_failure);
      t.got.done = done.done = equal;
      done.after = what.operand;
      if (equal)
        write_to(t, where, what.operand, what.order, true);
      break;
    }
    default:
      load_from(t, where, what.order);
      done.after = what.what == action::exchange ? what.operand
                   : what.what == action::add    ? (where.value + what.operand) & mask
                                                 : (where.value - what.operand) & mask;
      write_to(t, where, done.after, what.order, true);
      break;
    }
  }
  ++t.known[i];
  if (i != 0)
    steps_.push_back(done);
}

location::location(std::uint64_t start, std::size_t bytes)
    : value(start), width(bytes), number(explorer::active->new_location()) {
  if (explorer::active->current() != 0)
    explorer::active->violate("an atomic was made by a thread");
  explorer::active->adopt(*this);
}

answer perform(const request& what) { return explorer::active->perform(what); }

void trace_of_use::read() const {
  explorer& e = *explorer::active;
  const vector_clock& known = e.thread(e.current()).known;
  if (known[writer_] < written_)
    e.violate("data race on " + e.name_of(this) + ": read while " + e.thread(writer_).name + " wrote");
  readers_[e.current()] = known[e.current()];
}

void trace_of_use::write() {
  explorer& e = *explorer::active;
  const vector_clock& known = e.thread(e.current()).known;
  if (known[writer_] < written_)
    e.violate("data race on " + e.name_of(this) + ": written while " + e.thread(writer_).name + " wrote");
  for (std::size_t i = 0; i < most_threads; ++i)
    if (known[i] < readers_[i])
      e.violate("data race on " + e.name_of(this) + ": written while " + e.thread(i).name + " read");
  writer_ = static_cast<std::uint32_t>(e.current());
  written_ = known[e.current()];
}

} // namespace detail

void run::thread(const char* name, std::function<void()> body) {
  explorer_.add_thread(name, std::move(body));
}

void run::label(const void* object, std::size_t size, std::string name) {
  explorer_.add_label(object, size, std::move(name));
}

void run::go() { explorer_.go(); }

void run::check(bool holds, const char* text) {
  if (!holds)
    explorer_.violate(text);
}

void run::note(const char* text) { explorer_.remark(text); }

outcome explore(const options& asked, const std::function<void(run&)>& scenario) {
  options how = asked;
  if (detail::steps_are_dear && (how.preemptions < 0 || how.preemptions > 2))
    how.preemptions = 2;
  outcome found = detail::explorer(how).search(scenario);
  // the same again with few interruptions, which a reader follows more easily
  for (int few = 0; few < 4 && !found.holds && asked.preemptions < 0; ++few) {
    how.preemptions = few;
    how.most_schedules = std::min<std::uint64_t>(asked.most_schedules, 100'000);
    const outcome simple = detail::explorer(how).search(scenario);
    if (!simple.holds && simple.schedules < how.most_schedules)
      return simple;
  }
  return found;
}

} // namespace perron::interleave
