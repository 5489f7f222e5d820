// SPDX-License-Identifier: BSD-3-Clause
// Acceptors who fall asleep while connections end: under every schedule, with store buffers.
#include <perron/supervisors/core/connection_limits.hpp>

#include "support/interleave.hpp"

#include <gtest/gtest.h>

#include <array>

namespace perron::supervisors::core {
namespace {

using interleave::explore;
using interleave::model_atomic;
using interleave::options;
using interleave::run;
using interleave::semaphore;

constexpr options buffered{.preemptions = 3, .store_buffers = true};

struct model_lock {
  semaphore free{1};
  void lock() { static_cast<void>(free.wait()); }
  void unlock() { free.post(); }
};
using limits_type = basic_connection_limits<model_atomic, model_lock>;

struct sleeping_acceptor final : limits_type::sleeper {
  semaphore bell;
  sleeping_acceptor()
      : sleeper([](sleeper& s) noexcept { static_cast<sleeping_acceptor&>(s).bell.post(); }) {}
};

/// Accepts `clients`, as httpd's acceptors do; gives how many it has got when nobody would ever wake it.
int accept(limits_type& limits, sleeping_acceptor& me, int clients, bool passes_on = true) {
  int taken = 0;
  for (;;)
    switch (limits.advice()) {
    case admission::sleep:
      if (limits.sleep(me) && !me.bell.wait())
        return taken;
      break;
    case admission::accept:
    case admission::turn_away:
      if (taken == clients) {
        if (passes_on)
          limits.pass_on();
        return taken;
      }
      limits.came();
      ++taken;
      break;
    }
}

TEST(connection_limits_interleaving_test, an_end_is_never_missed) {
  const auto seen = explore(buffered, [](run& r) {
    sleeping_acceptor acceptor;
    limits_type limits(1, 0);
    limits.came();
    int taken = 0;
    r.thread("acceptor", [&] { taken = accept(limits, acceptor, 1); });
    r.thread("client", [&] { limits.ended(true); });
    r.go();
    r.check(taken == 1, "the client is let in");
  });
  EXPECT_TRUE(seen.holds) << seen.report;
}

TEST(connection_limits_interleaving_test, a_raised_limit_is_never_missed) {
  const auto seen = explore(buffered, [](run& r) {
    sleeping_acceptor acceptor;
    limits_type limits(1, 0);
    limits.came();
    int taken = 0;
    r.thread("acceptor", [&] { taken = accept(limits, acceptor, 1); });
    r.thread("operator", [&] { limits.set_max_connections(2); });
    r.go();
    r.check(taken == 1, "the client is let in");
  });
  EXPECT_TRUE(seen.holds) << seen.report;
}

void two_acceptors_of_which_one_has_a_client(run& r, bool passes_on) {
  sleeping_acceptor idle;
  sleeping_acceptor busy;
  limits_type limits(1, 0);
  limits.came();
  int taken = 0;
  r.thread("idle", [&] { accept(limits, idle, 0, passes_on); });
  r.thread("busy", [&] { taken = accept(limits, busy, 1); });
  r.thread("client", [&] { limits.ended(true); });
  r.go();
  r.check(taken == 1, "the client is let in");
}

TEST(connection_limits_interleaving_test, room_that_one_does_not_need_reaches_the_other) {
  const auto seen = explore(buffered, [](run& r) { two_acceptors_of_which_one_has_a_client(r, true); });
  EXPECT_TRUE(seen.holds) << seen.report;
}

TEST(connection_limits_interleaving_test, would_be_lost_if_it_were_not_passed_on) {
  const auto seen = explore(buffered, [](run& r) { two_acceptors_of_which_one_has_a_client(r, false); });
  EXPECT_FALSE(seen.holds);
}

TEST(connection_limits_interleaving_test, the_limit_is_passed_by_no_more_than_the_acceptors) {
  const auto seen = explore(buffered, [](run& r) {
    std::array<sleeping_acceptor, 3> acceptors;
    limits_type limits(1, 0);
    for (sleeping_acceptor& a : acceptors)
      r.thread("acceptor", [&] { accept(limits, a, 2); });
    r.go();
    r.check(limits.all() >= 1 && limits.all() <= acceptors.size(), "1 + 3 acceptors - 1");
    r.check(limits.asleep() == acceptors.size(), "all sleep");
  });
  EXPECT_TRUE(seen.holds) << seen.report;
}

} // namespace
} // namespace perron::supervisors::core
