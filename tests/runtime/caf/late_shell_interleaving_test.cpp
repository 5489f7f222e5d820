// SPDX-License-Identifier: BSD-3-Clause
// A shell that is asked for while its process ends, under every schedule of small scenarios; and copies of
// the protocol with one step changed, which must fail.
#include <perron/runtime/caf/late_shell.hpp>

#include "support/interleave.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace perron::runtime::caf {
namespace {

using interleave::explore;
using interleave::model_atomic;
using interleave::outcome;
using interleave::plain;
using interleave::run;
using interleave::semaphore;

using real = late_shell<model_atomic>;

/// Looks before it closes, instead of both at once.
struct look_then_close {
  using answer = real::answer;
  model_atomic<std::uint64_t> word;
  void open(std::uint64_t id) { word.store(id * 2); }
  answer ask(std::uint64_t id) {
    std::uint64_t seen = id * 2;
    if (word.compare_exchange_strong(seen, id * 2 + 1))
      return answer::yours_to_make;
    return seen == id * 2 + 1 ? answer::made : answer::gone;
  }
  bool close() {
    if (word.load() % 2 != 0)
      return false;
    word.store(0);
    return true;
  }
};

/// A slot with a process, or one after another, and those in CAF who ask for its shell.
template <class Shell>
struct slot {
  run& r;
  Shell late;
  semaphore lock{1};
  plain<int> shell = 0; ///< the process it belongs to, 0: none; who touches it unasked is found
  bool waits_for_makers = true;

  explicit slot(run& of) : r(of) {
    r.label(late, "late");
    r.label(lock, "lock");
    r.label(shell, "shell");
  }

  void ask(int id) {
    r.check(lock.wait(), "the lock was never given back");
    switch (late.ask(static_cast<std::uint64_t>(id))) {
    case real::answer::yours_to_make:
      r.check(shell == 0, "a shell is made where there is one");
      shell = id;
      break;
    case real::answer::made:
    case real::answer::gone:
      break;
    }
    lock.post();
  }

  /// True: there was a shell to take down.
  bool end(int id) {
    if (late.close())
      return false;
    if (waits_for_makers) {
      r.check(lock.wait(), "the lock was never given back");
      lock.post();
    }
    r.check(shell == id, "the shell is not there, or another process's");
    shell = 0;
    return true;
  }
};

template <class Shell>
outcome two_ask_while_it_ends(bool waits_for_makers = true) {
  return explore({.store_buffers = true}, [=](run& r) {
    slot<Shell> s(r);
    s.waits_for_makers = waits_for_makers;
    s.late.open(1);
    r.thread("asks", [&s] { s.ask(1); });
    r.thread("asks too", [&s] { s.ask(1); });
    r.thread("process", [&s] { static_cast<void>(s.end(1)); });
    r.go();
    r.check(s.shell == 0, "a shell was made for a process that has ended");
  });
}

/// The slot's next process begins while somebody still asks for the first.
template <class Shell>
outcome one_asks_late() {
  return explore({.store_buffers = true}, [](run& r) {
    slot<Shell> s(r);
    s.late.open(1);
    r.thread("asks for the first", [&s] { s.ask(1); });
    r.thread("processes", [&s] {
      static_cast<void>(s.end(1));
      s.late.open(2);
      static_cast<void>(s.end(2));
    });
    r.go();
    r.check(s.shell == 0, "a shell was made for a process that has ended");
  });
}

TEST(late_shell_interleaving, shell_is_made_once_and_taken_down_whole) {
  const outcome o = two_ask_while_it_ends<real>();
  EXPECT_TRUE(o.holds) << o.report;
}

TEST(late_shell_interleaving, pid_of_an_earlier_process_makes_no_shell) {
  const outcome o = one_asks_late<real>();
  EXPECT_TRUE(o.holds) << o.report;
}

TEST(late_shell_interleaving, look_and_close_must_be_one_step) {
  EXPECT_FALSE(two_ask_while_it_ends<look_then_close>().holds);
}

TEST(late_shell_interleaving, end_must_wait_for_who_makes_it) {
  EXPECT_FALSE(two_ask_while_it_ends<real>(false).holds);
}

} // namespace
} // namespace perron::runtime::caf
