// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/process.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;

struct go {};
struct room_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct no_exception {};

/// The text of the exception that is being handled.
std::string handled() {
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::exception& e) {
    return e.what();
  } catch (int number) {
    return std::to_string(number);
  }
}

/// Throws and catches at every turn, and gives way in between.
void disturb(int rounds) {
  for (int i = 0; i < rounds; ++i) {
    try {
      throw i;
    } catch (const int& caught) {
      yield();
      EXPECT_EQ(caught, i);
      EXPECT_EQ(handled(), std::to_string(i));
    }
    EXPECT_EQ(std::current_exception(), nullptr);
  }
}

class exception_state : public node_fixture {};

TEST_F(exception_state, follows_a_process_that_gives_way_in_a_catch_block) {
  run([] {
    std::vector<monitored> others;
    for (int i = 0; i < 20; ++i)
      others.push_back(spawn_monitor([] { disturb(static_cast<int>(scaled(500, 100))); }));
    for (const monitored& other : others)
      EXPECT_EQ(reason_of(other.ref), exit_reason::normal());
  });
}

TEST_F(exception_state, follows_one_that_waits_in_a_catch_block_while_others_throw) {
  run([] {
    const monitored waiting = spawn_monitor([parent = self()] {
      try {
        throw room_error("kept");
      } catch (const room_error& e) {
        send(parent, go{});
        receive_one<go>();
        EXPECT_STREQ(e.what(), "kept");
        EXPECT_EQ(handled(), "kept");
        try {
          throw;
        } catch (const room_error& again) {
          EXPECT_EQ(&again, &e);
        }
      }
      EXPECT_EQ(std::current_exception(), nullptr);
    });
    receive_one<go>();
    disturb(100);
    send(waiting.who, go{});
    EXPECT_EQ(reason_of(waiting.ref), exit_reason::normal());
  });
}

TEST_F(exception_state, follows_through_nested_catch_blocks) {
  run([] {
    struct nest {
      static void go_down(int depth) {
        if (depth == 0)
          return;
        try {
          throw depth;
        } catch (int caught) {
          yield();
          go_down(depth - 1);
          yield();
          EXPECT_EQ(caught, depth);
          EXPECT_EQ(handled(), std::to_string(depth));
        }
      }
    };
    std::vector<monitored> all;
    for (int i = 0; i < 10; ++i)
      all.push_back(spawn_monitor([] {
        for (int round = 0; round < 10; ++round)
          nest::go_down(20);
        EXPECT_EQ(std::current_exception(), nullptr);
      }));
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
  });
}

TEST_F(exception_state, counts_what_is_uncaught_in_this_process_only) {
  run([] {
    struct yields_while_unwinding {
      int expected;
      ~yields_while_unwinding() {
        EXPECT_EQ(std::uncaught_exceptions(), expected);
        yield();
        EXPECT_EQ(std::uncaught_exceptions(), expected);
      }
    };
    std::vector<monitored> all;
    for (int i = 0; i < 10; ++i)
      all.push_back(spawn_monitor([] {
        for (int round = 0; round < 50; ++round) {
          EXPECT_EQ(std::uncaught_exceptions(), 0);
          try {
            const yields_while_unwinding guard{1};
            throw round;
          } catch (int) {
            EXPECT_EQ(std::uncaught_exceptions(), 0);
          }
          const yields_while_unwinding guard{0};
        }
      }));
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
  });
}

TEST_F(exception_state, is_clean_for_a_process_that_starts) {
  run([] {
    try {
      throw 1;
    } catch (int) {
      EXPECT_EQ(reason_of_running([] {
                  EXPECT_EQ(std::current_exception(), nullptr);
                  EXPECT_EQ(std::uncaught_exceptions(), 0);
                }),
                exit_reason::normal());
    }
  });
}

TEST_F(exception_state, lets_an_exception_travel_as_a_message) {
  run([] {
    spawn([parent = self()] {
      try {
        throw room_error("sent on");
      } catch (...) {
        send(parent, std::current_exception());
      }
    });
    EXPECT_THROW(std::rethrow_exception(receive_one<std::exception_ptr>()), room_error);
  });
}

class exception_as_reason : public node_fixture {};

TEST_F(exception_as_reason, tells_type_and_text) {
  run([] {
    const exit_reason why = reason_of_running([] { throw room_error("full"); });
    EXPECT_EQ(why.what(), exit_reason::kind::exception);
    EXPECT_EQ(why.text(), "full");
    EXPECT_NE(why.type().find("room_error"), std::string::npos) << why.type();
    EXPECT_FALSE(why.orderly());
    EXPECT_EQ(reason_of_running([] { throw std::runtime_error("no such room"); }).to_string(),
              "std::runtime_error: no such room");
    EXPECT_EQ(reason_of_running([] { throw std::bad_alloc(); }).type(), "std::bad_alloc");
  });
}

TEST_F(exception_as_reason, tells_the_type_of_what_is_no_std_exception) {
  run([] {
    EXPECT_EQ(reason_of_running([] { throw 5; }), exit_reason(exit_reason::kind::exception, "", "int"));
    EXPECT_NE(reason_of_running([] { throw no_exception{}; }).type().find("no_exception"), std::string::npos);
  });
}

TEST_F(exception_as_reason, leaves_destructors_run) {
  run([] {
    const auto held = std::make_shared<int>(1);
    reason_of_running([copy = held] { throw std::runtime_error("x"); });
    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST_F(exception_as_reason, of_a_swallowed_exit_is_the_order_that_was_swallowed) {
  run([] {
    const monitored child = spawn_monitor(bad::swallow_everything{});
    exit(child.who, exit_reason::custom("told thrice"));
    EXPECT_EQ(reason_of(child.ref), exit_reason::custom("told thrice"));
  });
}

TEST_F(exception_as_reason, of_an_own_exit_that_was_swallowed_is_none) {
  run([] {
    EXPECT_EQ(reason_of_running([] {
                try {
                  exit(exit_reason::custom("never mind"));
                } catch (...) {
                }
              }),
              exit_reason::normal());
  });
}

TEST_F(exception_as_reason, may_be_thrown_while_an_exit_unwinds_and_is_caught) {
  run([] {
    struct clean_up {
      ~clean_up() {
        try {
          throw std::logic_error("inside");
        } catch (const std::logic_error&) {
        }
      }
    };
    EXPECT_EQ(reason_of_running([] {
                const clean_up guard;
                exit(exit_reason::custom("outside"));
              }),
              exit_reason::custom("outside"));
  });
}

[[gnu::noinline]] void throws() { throw std::runtime_error("through noexcept"); }
void calls_what_throws() noexcept {
  expect_leaks_on_this_thread();
  throws();
}

class contained_terminate : public node_fixture {};

TEST_F(contained_terminate, in_a_noexcept_function_ends_its_process_alone) {
  run([] {
    const exit_reason why = reason_of_running([] { calls_what_throws(); });
    EXPECT_EQ(why.what(), exit_reason::kind::terminated);
    EXPECT_EQ(why.text(), "through noexcept");
    EXPECT_EQ(why.type(), "std::runtime_error");
    EXPECT_EQ(current_node_stats().abandoned_stacks, 1U);
    disturb(3);
  });
}

TEST_F(contained_terminate, by_a_destructor_that_throws_ends_its_process_alone) {
  run([] {
    const exit_reason why = reason_of_running([] {
      expect_leaks_on_this_thread();
      bad::throw_in_destructor{}();
    });
    EXPECT_EQ(why.what(), exit_reason::kind::terminated);
    disturb(3);
  });
}

TEST_F(contained_terminate, called_outright_ends_its_process_alone) {
  run([] {
    const exit_reason why = reason_of_running([] { std::terminate(); });
    EXPECT_EQ(why, exit_reason::kind::terminated);
  });
}

TEST_F(contained_terminate, is_told_to_links_monitors_and_callers) {
  run({.trap_exit = true}, [] {
    const monitored child = spawn_monitor({.name = "doomed", .link = true}, [] { std::terminate(); });
    EXPECT_EQ(reason_of(child.ref).what(), exit_reason::kind::terminated);
    EXPECT_EQ(receive_one<exited>().reason.what(), exit_reason::kind::terminated);
    EXPECT_EQ(whereis("doomed"), pid());
  });
}

TEST_F(contained_terminate, happens_again_and_again) {
  run([] {
    for (int i = 0; i < 50; ++i)
      EXPECT_EQ(reason_of_running([] { std::terminate(); }).what(), exit_reason::kind::terminated);
    // the last one is told of before its worker has left the stack
    yield_until([] { return current_node_stats().abandoned_stacks >= 50; });
    EXPECT_EQ(current_node_stats().abandoned_stacks, 50U);
  });
}

} // namespace
} // namespace perron::runtime
