// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/handover.hpp>
#include <perron/runtime/process.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <perron/runtime/blocking.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/group.hpp>
#include <perron/runtime/timer.hpp>

#include <sched.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct go {};
struct question {
  using reply = int;
  int value = 0;
};

/// Computes until the worker of the calling process has been given to another thread.
void spin_until_taken_over() {
  for (;;) {
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < 1ms) {
    }
    // entering the engine is how a thread learns that its worker is gone
    const core::inside engine;
    if (engine.own() == nullptr)
      return;
  }
}

class where_workers_can_be_taken : public node_fixture {
protected:
  using node_fixture::node_fixture;

  void SetUp() override {
    if (!core::process_wide_barrier::available())
      GTEST_SKIP() << "the kernel has no membarrier";
    node_fixture::SetUp();
  }
};

/// For each number of workers: one, so that nothing goes on without a take-over; two, so that stealing gets
/// in between.
class take_over : public where_workers_can_be_taken, public ::testing::WithParamInterface<unsigned> {
protected:
  take_over() : where_workers_can_be_taken(test_options(GetParam())) {}
};

INSTANTIATE_TEST_SUITE_P(workers, take_over, ::testing::Values(1U, 2U),
                         [](const auto& of) { return of.param == 1 ? "one" : "two"; });

/// What a healthy node does, all of it waiting for others.
void do_all_sorts_of_things() {
  const pid echo = spawn([] { receive([](const caller& from, question q) { reply(from, q.value + 1); }); });
  EXPECT_EQ(call(echo, question{1}, no_timeout).value(), 2);
  send_after(2ms, self(), go{});
  receive_one<go>();
  receive([](go) { ADD_FAILURE(); }, after(2ms, [] {}));
  EXPECT_EQ(reason_of_running([] { yield(); }), exit_reason::normal());
  const monitored killed = spawn_monitor(bad::hang{});
  exit(killed.who, exit_reason::kill());
  EXPECT_EQ(reason_of(killed.ref), exit_reason::killed());
  EXPECT_EQ(blocking([] { return 3; }), 3);
}

TEST_P(take_over, lets_all_others_go_on_while_one_spins) {
  run([] {
    const bad::spin spinning;
    const monitored spinner = spawn_monitor(spinning);
    for (int i = 0; i < 5; ++i)
      do_all_sorts_of_things();
    EXPECT_TRUE(alive(spinner.who));
    *spinning.enough = true;
    EXPECT_EQ(reason_of(spinner.ref), exit_reason::normal());
    if (GetParam() == 1) {
      EXPECT_GE(current_node_stats().taken_over, 1U);
    }
  });
}

TEST_P(take_over, lets_all_others_go_on_while_many_spin) {
  run([] {
    std::vector<bad::spin> spinning(6);
    std::vector<monitored> spinners;
    for (const bad::spin& s : spinning)
      spinners.push_back(spawn_monitor(s));
    do_all_sorts_of_things();
    for (std::size_t i = 0; i < spinners.size(); ++i) {
      *spinning[i].enough = true;
      EXPECT_EQ(reason_of(spinners[i].ref), exit_reason::normal());
    }
    do_all_sorts_of_things();
  });
}

TEST_P(take_over, takes_what_is_pinned_to_the_worker_along) {
  run([] {
    const bad::spin spinning;
    const monitored spinner = spawn_monitor({.worker = 0}, spinning);
    for (int i = 0; i < 5; ++i)
      EXPECT_EQ(reason_of_running({.worker = 0}, [] { do_all_sorts_of_things(); }), exit_reason::normal());
    *spinning.enough = true;
    EXPECT_EQ(reason_of(spinner.ref), exit_reason::normal());
  });
}

TEST_P(take_over, takes_timers_that_were_armed_along) {
  run({.worker = 0}, [] {
    for (int i = 0; i < 20; ++i)
      send_after(20ms, self(), i);
    const bad::spin spinning;
    const monitored spinner = spawn_monitor({.worker = 0}, spinning);
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(receive_one<int>(), i);
    EXPECT_TRUE(alive(spinner.who));
    *spinning.enough = true;
    EXPECT_EQ(reason_of(spinner.ref), exit_reason::normal());
  });
}

TEST_P(take_over, leaves_a_spinner_that_may_do_everything_all_the_same) {
  run([] {
    for (int round = 0; round < 3; ++round) {
      const monitored spinner = spawn_monitor([] {
        spin_until_taken_over();
        const monitored child = spawn_monitor([] { receive_one<go>(); });
        send(child.who, go{});
        timer_ref cancelled = send_after(1h, self(), go{});
        EXPECT_TRUE(cancelled.cancel().has_value());
        EXPECT_TRUE(register_name("spinner"));
        join_group("spinners");
        trap_exit(true);
        link(child.who);
        // the first suspension: from here on it runs where there is time
        EXPECT_EQ(reason_of(child.ref), exit_reason::normal());
        receive([](const exited& e) { EXPECT_TRUE(e.from); });
        EXPECT_EQ(whereis("spinner"), self());
        do_all_sorts_of_things();
      });
      EXPECT_EQ(reason_of(spinner.ref), exit_reason::normal());
      EXPECT_TRUE(group_members("spinners").empty());
    }
  });
}

/// Each of these is the first thing a process does after its worker is gone.
TEST_P(take_over, leaves_a_spinner_that_may_suspend_in_any_way) {
  run([] {
    const pid echo = spawn([] {
      for (int i = 0; i < 2; ++i)
        receive([](const caller& from, question q) { reply(from, q.value); });
    });
    const auto after_a_spin = [](auto first_thing) {
      EXPECT_EQ(reason_of_running([first_thing] {
                  spin_until_taken_over();
                  first_thing();
                }),
                exit_reason::normal());
    };
    after_a_spin([] { yield(); });
    after_a_spin([] { sleep_for(1ms); });
    after_a_spin([] { receive([](go) {}, after(1ms, [] {})); });
    after_a_spin([] { receive([](go) {}, after(0s, [] {})); });
    after_a_spin([echo] { EXPECT_EQ(call(echo, question{5}, no_timeout).value(), 5); });
    after_a_spin([echo] { EXPECT_EQ(call(echo, question{6}, 1h).value(), 6); });
    after_a_spin([] { EXPECT_EQ(blocking([] { return 1; }), 1); });
    after_a_spin([] {
      send(self(), go{});
      hibernate([] { receive_one<go>(); });
    });
    after_a_spin([] {});
  });
}

TEST_P(take_over, leaves_a_spinner_that_may_wait_for_what_comes_at_once) {
  run([] {
    // its timer is armed on a worker that is busy itself, and cancelled before it got there
    for (int i = 0; i < 20; ++i) {
      const monitored spinner = spawn_monitor([parent = self()] {
        spin_until_taken_over();
        for (int k = 0; k < 20; ++k) {
          spawn([me = self()] { send(me, go{}); });
          receive([](go) {}, after(1h, [] { ADD_FAILURE(); }));
        }
        send(parent, go{});
      });
      receive_one<go>();
      EXPECT_EQ(reason_of(spinner.ref), exit_reason::normal());
    }
    yield_until([] { return current_node_stats().timers == 0; });
  });
}

TEST_P(take_over, leaves_a_spinner_that_may_crash) {
  run([] {
    const exit_reason why = reason_of_running([] {
      spin_until_taken_over();
      throw std::runtime_error("dizzy");
    });
    EXPECT_EQ(why.text(), "dizzy");
    EXPECT_EQ(reason_of_running([] {
                spin_until_taken_over();
                std::terminate();
              }).what(),
              exit_reason::kind::terminated);
  });
}

TEST_P(take_over, lets_a_spinner_be_ended_when_it_next_waits) {
  run([] {
    const bad::spin spinning;
    const monitored spinner = spawn_monitor([spinning, parent = self()] {
      send(parent, go{});
      spinning();
      receive_one<go>();
    });
    receive_one<go>();
    exit(spinner.who, exit_reason::kill());
    do_all_sorts_of_things();
    EXPECT_TRUE(alive(spinner.who));
    *spinning.enough = true;
    EXPECT_EQ(reason_of(spinner.ref), exit_reason::killed());
  });
}

TEST_P(take_over, happens_as_often_as_it_is_needed) {
  run([] {
    for (std::size_t i = 0; i < scaled(30, 10); ++i)
      EXPECT_EQ(reason_of_running([] { spin_until_taken_over(); }), exit_reason::normal());
  });
}

TEST_P(take_over, keeps_what_it_counts_right) {
  run([] {
    const auto before = current_node_stats();
    std::vector<monitored> all;
    for (int i = 0; i < 5; ++i)
      all.push_back(spawn_monitor([] {
        spin_until_taken_over();
        for (int k = 0; k < 10; ++k)
          EXPECT_EQ(reason_of_running([] {}), exit_reason::normal());
      }));
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
    yield_until([&] { return current_node_stats().processes == before.processes; });
    const auto now = current_node_stats();
    EXPECT_EQ(now.spawned - before.spawned, 55U);
    EXPECT_EQ(now.ended - before.ended, 55U);
  });
}

/// Computes for so much processor time, however long that takes.
void compute_for(std::chrono::nanoseconds time) {
  const auto had = [] {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
  };
  for (const auto until = had() + time; had() < until;) {
  }
}

/// Threads that keep one processor busy.
class crowd {
public:
  crowd(int processor, int size) {
    for (int i = 0; i < size; ++i)
      threads_.emplace_back([this, processor] {
        stay_on(processor);
        while (!enough_.load())
          compute_for(100us);
      });
  }
  ~crowd() {
    enough_ = true;
    for (std::thread& t : threads_)
      t.join();
  }

  /// The calling thread.
  static void stay_on(int processor) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(static_cast<unsigned>(processor), &only);
    EXPECT_EQ(::sched_setaffinity(0, sizeof only, &only), 0);
  }

private:
  std::atomic<bool> enough_{false};
  std::vector<std::thread> threads_;
};

class take_over_on_a_crowded_processor : public where_workers_can_be_taken {
protected:
  take_over_on_a_crowded_processor() : where_workers_can_be_taken(test_options(1)) {}
};

TEST_F(take_over_on_a_crowded_processor, does_not_happen_to_who_only_waits_for_it) {
  const int processor = ::sched_getcpu();
  const crowd others(processor, 7);
  run([processor] {
    crowd::stay_on(processor); // the only worker's thread, as long as that is not taken over
    for (int i = 0; i < 10; ++i) {
      compute_for(1ms); // eight, by the clock
      yield();
    }
    EXPECT_EQ(current_node_stats().taken_over, 0U);
  });
}

class take_over_without_threads_to_spare : public node_fixture {
protected:
  static node_options few_threads() {
    node_options options = test_options(1);
    options.most_threads = 3;
    return options;
  }
  take_over_without_threads_to_spare() : node_fixture(few_threads()) {}
};

TEST_F(take_over_without_threads_to_spare, waits_until_a_spinner_gives_way) {
  std::vector<bad::spin> spinning(6);
  event all_ended(6);
  for (const bad::spin& s : spinning)
    node().spawn([s, &all_ended] {
      s();
      all_ended.happen();
    });
  for (const bad::spin& s : spinning)
    *s.enough = true;
  all_ended.await("the end of all spinners");
  run([] { do_all_sorts_of_things(); });
}

class no_take_over : public node_fixture {
protected:
  static node_options without_watchdog() {
    node_options options = test_options(1);
    options.watchdog_ms = 0;
    return options;
  }
  no_take_over() : node_fixture(without_watchdog()) {}
};

TEST_F(no_take_over, happens_where_it_is_turned_off) {
  run([] {
    const bad::spin spinning;
    *spinning.enough = true;
    EXPECT_EQ(reason_of_running(spinning), exit_reason::normal());
    do_all_sorts_of_things();
    EXPECT_EQ(current_node_stats().taken_over, 0U);
  });
}

} // namespace
} // namespace perron::runtime
