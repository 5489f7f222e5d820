// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/counter.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/supervisors/request_end.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace perron::supervisors::core {

/// A request that runs, as part of whatever its owner keeps for it: being listed costs no memory.
struct request_entry {
  request_entry* next = nullptr;
  request_entry* previous = nullptr;
  runtime::pid who{};
  std::uint64_t since_ms = 0; ///< node time
};

/// The requests of one worker: those that run, oldest process first, and how the others ended. A request
/// stands here from the moment its process is made until its end has come home to the worker that made it, so
/// nothing is ever touched by two at once: no lock, no locked instruction, no message.
///
/// | field            | who may touch it                                                               |
/// |------------------|--------------------------------------------------------------------------------|
/// | first, last      | whoever holds the worker                                                       |
/// | an entry         | its owner before begins() and after ends(), between them as first and last     |
/// | started, ended   | counted by whoever holds the worker, read by anybody (see counter)             |
///
/// Numbers of processes made on one worker grow, so the list is in order of them as well; page() lives on it.
class alignas(64) request_shard {
public:
  /// Its process has been made, and has not run yet.
  void begins(request_entry& e, runtime::pid who, std::uint64_t now_ms) noexcept {
    e.since_ms = now_ms;
    append(e, who);
    started_.add();
  }
  /// Its process has ended, and another was made that goes on with it.
  void goes_on(request_entry& e, runtime::pid who) noexcept {
    take_out(e);
    append(e, who);
  }
  /// Its end has come home.
  void ends(request_entry& e, request_end how) noexcept {
    take_out(e);
    e.who = {};
    ended_[static_cast<std::size_t>(how)].add();
  }

  /// Calls f with every request that runs; it may end none of them at once.
  template <class F>
  void for_each(F&& f) const {
    for (const request_entry* e = first_; e != nullptr; e = e->next)
      f(*e);
  }
  /// Calls f with at most `most` requests whose process has a number above `after`, in order of the numbers.
  /// True: there are more. Costs a walk over those before.
  template <class F>
  bool page(std::uint64_t after, std::size_t most, F&& f) const {
    const request_entry* e = first_;
    while (e != nullptr && e->who.id() <= after)
      e = e->next;
    for (; e != nullptr && most != 0; e = e->next, --most)
      f(*e);
    return e != nullptr;
  }
  bool has(runtime::pid who) const noexcept {
    for (const request_entry* e = first_; e != nullptr; e = e->next)
      if (e->who == who)
        return true;
    return false;
  }

  std::uint64_t started() const noexcept { return started_.get(); }
  std::uint64_t ended(request_end how) const noexcept { return ended_[static_cast<std::size_t>(how)].get(); }

private:
  void append(request_entry& e, runtime::pid who) noexcept {
    e.who = who;
    e.next = nullptr;
    e.previous = last_;
    (last_ != nullptr ? last_->next : first_) = &e;
    last_ = &e;
  }
  void take_out(const request_entry& e) noexcept {
    (e.previous != nullptr ? e.previous->next : first_) = e.next;
    (e.next != nullptr ? e.next->previous : last_) = e.previous;
  }

  request_entry* first_ = nullptr;
  request_entry* last_ = nullptr;
  runtime::core::counter started_;
  std::array<runtime::core::counter, request_end_kinds> ended_;
};

/// Figures of requests, a moment's picture.
struct request_figures {
  std::uint64_t started = 0;
  std::uint64_t running = 0;
  std::array<std::uint64_t, request_end_kinds> ended{};
};

/// All requests of one supervisor, a shard for each worker of the node.
class request_table {
public:
  explicit request_table(std::size_t workers) : shards_(workers) {}

  request_shard& of(std::size_t worker) noexcept { return shards_[worker]; }

  /// Any thread. Never counts an end whose start it does not count.
  request_figures figures() const noexcept {
    request_figures out;
    std::uint64_t over = 0;
    for (const request_shard& s : shards_)
      for (std::size_t i = 0; i < request_end_kinds; ++i) {
        const std::uint64_t n = s.ended(static_cast<request_end>(i));
        out.ended[i] += n;
        over += n;
      }
    // the ends first: a counter orders what is read after it
    for (const request_shard& s : shards_)
      out.started += s.started();
    out.running = out.started - over;
    return out;
  }

private:
  std::vector<request_shard> shards_;
};

} // namespace perron::supervisors::core
