// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/interleave.hpp"
#include "support/interleave_stack.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace perron::interleave::detail {

/// A store that its thread has done and nobody else sees yet.
struct buffered_store {
  location* where;
  std::uint64_t value;
  std::uint64_t history;
  vector_clock released;
};

struct virtual_thread {
  const char* name = "main";
  std::unique_ptr<coroutine> stack;
  std::uint64_t history = 0; ///< all that could have influenced it
  vector_clock known{};
  vector_clock seen{};   ///< by relaxed loads; an acquire fence makes it known
  vector_clock fenced{}; ///< known at the last release fence
  std::deque<buffered_store> buffer;
  request wants{};
  answer got{};
  bool waiting = false; ///< at an operation

  bool can_go_on() const noexcept {
    return waiting && (wants.what != action::take || wants.where->value != 0);
  }
};

/// One line of a schedule.
struct step {
  enum class kind : std::uint8_t { operation, flush, note };
  kind what;
  std::size_t thread;
  request op{};
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  bool done = true;
  bool own_store = false;
  const char* text = nullptr;
};

struct label_of {
  const char* begin;
  std::size_t size;
  std::string name;
};

/// Replays a scenario along one path of choices after the other, deepest choice first. The choices that a
/// path leaves open beyond its end become new branches, unless the state they stand in was met before.
class explorer {
public:
  explicit explorer(const options& how);

  static explorer* active;

  outcome search(const std::function<void(run&)>& scenario);

  // -- called by the scenario
  void add_thread(const char* name, std::function<void()> body);
  void add_label(const void* object, std::size_t size, std::string name);
  void go();
  void violate(std::string text);

  void remark(const char* text) {
    steps_.push_back({step::kind::note, current_, {}, 0, 0, true, false, text});
  }

  // -- called by atomics
  std::uint32_t new_location() noexcept { return locations_made_++; }
  void adopt(location& where) { locations_.push_back(&where); }

  answer perform(const request& what);

  std::size_t current() const noexcept { return current_; }
  virtual_thread& thread(std::size_t i) noexcept { return threads_[i]; }
  std::string name_of(const void* address) const;

private:
  /// A place where more than one thing could come next, and what was taken.
  struct choice {
    std::uint32_t taken;
    std::uint32_t of;
  };

  void begin();
  bool next_path();
  std::uint32_t choose(std::uint32_t of, bool same_state);
  std::uint64_t state() const;
  void resume(std::size_t i);
  void execute(std::size_t i, const request& what);
  void load_from(virtual_thread& t, location& where, std::memory_order order);
  void write_to(virtual_thread& t, location& where, std::uint64_t value, std::memory_order order,
                bool continues);
  void flush_one(std::size_t i);
  void flush_all(std::size_t i);
  void fence_in(virtual_thread& t, std::memory_order order);
  std::size_t release_waiters();
  void write_report();
  std::string text_of(const step& s) const;
  std::string value_text(std::uint64_t bits) const;

  options how_;
  std::vector<virtual_thread> threads_; ///< [0] builds the state and checks it
  std::size_t used_ = 1;
  std::size_t current_ = 0;
  std::size_t last_ = 0;
  int interruptions_ = 0;
  int failures_ = 0;
  std::uint32_t locations_made_ = 0;
  std::vector<location*> locations_;
  std::vector<label_of> labels_;
  std::vector<step> steps_;
  std::string violated_;
  std::size_t violated_by_ = 0;
  std::string violation_;

  std::vector<choice> path_;
  std::size_t at_ = 0;
  bool known_from_here_ = false; ///< another schedule has explored what may follow
  std::unordered_set<std::uint64_t> visited_;
};

} // namespace perron::interleave::detail
