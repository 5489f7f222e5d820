// SPDX-License-Identifier: BSD-3-Clause
#include "supervisors/supervisor_fixture.hpp"
#include "support/bad_processes.hpp"

#include <perron/runtime/caf/interop.hpp>

#include <caf/behavior.hpp>
#include <caf/blocking_actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

namespace perron::supervisors {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
namespace interop = runtime::interop;
using runtime::exit_reason;
using runtime::pid;

/// Ends normally for 0, for shutdown for 1, crashes for 2, and answers others with their double.
struct obedient {
  diary_ptr notes;
  ::caf::behavior operator()(::caf::event_based_actor* self) const {
    notes->write("start");
    self->attach_functor([to = notes](const ::caf::error&) { to->write("end"); });
    return {[self](int number) {
      if (number == 0)
        self->quit();
      if (number == 1)
        self->quit(::caf::exit_reason::user_shutdown);
      if (number == 2)
        self->quit(::caf::sec::bad_function_call);
      return 2 * number;
    }};
  }
};

/// Ends by nothing but kill.
struct deaf {
  diary_ptr notes;
  ::caf::behavior operator()(::caf::event_based_actor* self) const {
    self->set_exit_handler([to = notes](const ::caf::exit_msg& e) {
      to->write(e.reason == ::caf::exit_reason::user_shutdown ? "ignored shutdown" : "ignored something");
    });
    self->attach_functor([to = notes](const ::caf::error&) { to->write("end"); });
    return {[](int number) { return number; }};
  }
};

using number_actor = ::caf::typed_actor<::caf::replies_to<int>::with<int>>;

number_actor::behavior_type incrementer() {
  return {[](int number) { return number + 1; }};
}

/// Blocks a thread of its own until it is told to end.
struct blocking_worker {
  diary_ptr notes;
  void operator()(::caf::blocking_actor* self) const {
    bool running = true;
    self->receive_while(running)([&](int number) { return 3 * number; },
                                 [&](const ::caf::exit_msg& e) {
                                   notes->write("told");
                                   self->fail_state(e.reason);
                                   running = false;
                                 });
  }
};

/// Sends a number to the actor that a process stands for, and gives the answer.
int ask(pid process, int number) {
  interop::send(interop::actor_of(process), number);
  return runtime::receive(
      [](const interop::mail& m) { return m.content.match_elements<int>() ? m.content.get_as<int>(0) : -1; });
}

/// The same for one that may end instead of answering.
exit_reason end_by(pid process, int number) {
  const runtime::monitor_ref ref = runtime::monitor(process);
  interop::send(interop::actor_of(process), number);
  exit_reason why = reason_of(ref);
  runtime::receive([](const interop::mail&) {}, runtime::after(0s, [] {}));
  return why;
}

class adopted_actor : public supervisor_fixture {
protected:
  /// A child that is an event-based actor.
  template <class Behaviour>
  child_spec actor_child(child_spec spec, Behaviour behaviour) const {
    return child(std::move(spec),
                 interop::adopt([behaviour](::caf::actor_system& s) { return s.spawn(behaviour); }));
  }
};

TEST_F(adopted_actor, answers_through_the_process_that_stands_for_it) {
  run([this] {
    const pid top = started(options(), {actor_child({.id = "a"}, obedient{notes})});
    EXPECT_EQ(ask(who(top, "a"), 21), 42);
    EXPECT_EQ(stop(top), exit_reason::shutdown());
  });
  EXPECT_EQ(notes->take(), (lines{"start", "end"}));
}

TEST_F(adopted_actor, that_crashes_is_started_again) {
  run([this] {
    const pid top = started(options(), {actor_child({.id = "a"}, obedient{notes})});
    const pid first = who(top, "a");
    const exit_reason why = end_by(first, 2);
    EXPECT_EQ(why.what(), exit_reason::kind::custom);
    EXPECT_NE(why.text().find("bad_function_call"), std::string_view::npos) << why.text();
    const pid second = who(top, "a");
    EXPECT_NE(first, second);
    EXPECT_EQ(ask(second, 4), 8);
    EXPECT_EQ(notes->take(),
              (lines{"start", "end", "child_terminated a (" + why.to_string() + ")", "start"}));
    stop(top);
  });
}

TEST_F(adopted_actor, that_crashes_too_often_ends_its_supervisor) {
  run([this] {
    const pid top = started(options({.intensity = 1, .clock = [] { return 0; }}),
                            {actor_child({.id = "a"}, obedient{notes})});
    const runtime::monitor_ref ref = runtime::monitor(top);
    end_by(who(top, "a"), 2);
    end_by(who(top, "a"), 2);
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
  });
}

TEST_F(adopted_actor, that_ends_normally_is_done_if_transient_and_started_again_if_permanent) {
  run([this] {
    const pid top =
        started(options({.intensity = 10}), {actor_child({.id = "t", .restart = transient}, obedient{notes}),
                                             actor_child({.id = "p"}, obedient{notes})});
    EXPECT_EQ(end_by(who(top, "t"), 0), exit_reason::normal());
    EXPECT_FALSE(who(top, "t"));
    EXPECT_EQ(end_by(who(top, "p"), 0), exit_reason::normal());
    const pid again = who(top, "p");
    EXPECT_EQ(ask(again, 5), 10);
    EXPECT_TRUE(restart_child(top, "t"));
    EXPECT_EQ(end_by(who(top, "t"), 1), exit_reason::shutdown());
    EXPECT_FALSE(who(top, "t"));
    stop(top);
  });
}

TEST_F(adopted_actor, is_waited_for_when_its_supervisor_stops) {
  event ordered;
  event allowed;
  run([&] {
    const auto slow = [&, to = notes](::caf::event_based_actor* self) -> ::caf::behavior {
      self->set_exit_handler([&, self, to](const ::caf::exit_msg& e) {
        ordered.happen();
        allowed.await("leave to end");
        to->write("slow end");
        self->quit(e.reason);
      });
      return {[](int number) { return number; }};
    };
    const pid top =
        started(options(), {noted("below"), actor_child({.id = "slow", .shutdown = infinity}, slow)});
    ASSERT_EQ(ask(who(top, "slow"), 3), 3);
    const pid helper = runtime::spawn([&] {
      yield_until([&] { return ordered.happened(); });
      notes->write("still there");
      allowed.happen();
    });
    EXPECT_TRUE(helper);
    EXPECT_EQ(stop(top), exit_reason::shutdown());
  });
  EXPECT_EQ(notes->take(), (lines{"start below", "still there", "slow end", "end below (shutdown)"}));
}

TEST_F(adopted_actor, that_ignores_shutdown_is_killed_when_its_time_is_over) {
  run([this] {
    const pid top = started(options(), {actor_child({.id = "deaf", .shutdown = 1ms}, deaf{notes})});
    ASSERT_EQ(ask(who(top, "deaf"), 3), 3);
    EXPECT_EQ(stop(top), exit_reason::shutdown());
  });
  EXPECT_EQ(notes->take(), (lines{"ignored shutdown", "end", "shutdown_error deaf (killed)"}));
}

TEST_F(adopted_actor, is_killed_at_once_by_brutal_kill_and_waited_for) {
  run([this] {
    const pid top = started(options(), {actor_child({.id = "deaf", .shutdown = brutal_kill}, deaf{notes})});
    ASSERT_EQ(ask(who(top, "deaf"), 3), 3);
    EXPECT_TRUE(terminate_child(top, "deaf"));
    EXPECT_EQ(notes->take(), (lines{"end"}));
    stop(top);
  });
}

TEST_F(adopted_actor, may_be_typed) {
  run([this] {
    const pid top = started(
        options(),
        {child("typed", interop::adopt([](::caf::actor_system& s) { return s.spawn(incrementer); }))});
    EXPECT_EQ(ask(who(top, "typed"), 6), 7);
    EXPECT_EQ(stop(top), exit_reason::shutdown());
  });
}

TEST_F(adopted_actor, may_block_a_thread_if_it_takes_exit_messages) {
  run([this] {
    const pid top =
        started(options(), {actor_child({.id = "b", .shutdown = infinity}, blocking_worker{notes})});
    EXPECT_EQ(ask(who(top, "b"), 5), 15);
    EXPECT_EQ(stop(top), exit_reason::shutdown());
  });
  EXPECT_EQ(notes->take(), (lines{"told"}));
}

TEST_F(adopted_actor, that_ends_at_once_ends_its_process) {
  run([] {
    EXPECT_EQ(reason_of_running(interop::adopt([](::caf::actor_system& s) {
                return s.spawn([](::caf::event_based_actor* self) { self->quit(); });
              })),
              exit_reason::normal());
    EXPECT_EQ(reason_of_running(interop::adopt([](::caf::actor_system& s) {
                return s.spawn([](::caf::event_based_actor* self) { self->quit(::caf::exit_reason::kill); });
              })),
              exit_reason::killed());
  });
}

TEST_F(adopted_actor, start_that_throws_or_gives_nobody_is_the_end_of_the_process) {
  run([] {
    EXPECT_EQ(reason_of_running(interop::adopt([](::caf::actor_system&) -> ::caf::actor {
                throw std::runtime_error("no luck");
              })).text(),
              "no luck");
    EXPECT_EQ(reason_of_running(interop::adopt([](::caf::actor_system&) { return ::caf::actor(); })),
              exit_reason::custom("no actor"));
  });
}

TEST_F(adopted_actor, is_there_when_start_adopted_returns) {
  run([this] {
    child_spec spec{.id = "a"};
    spec.start = [to = notes] {
      return interop::start_adopted({.link = true},
                                    [to](::caf::actor_system& s) { return s.spawn(obedient{to}); });
    };
    const pid top = started(options(), {std::move(spec)});
    EXPECT_EQ(ask(who(top, "a"), 8), 16);
    stop(top);
    EXPECT_FALSE(interop::start_adopted({}, [](::caf::actor_system&) { return ::caf::actor(); }));
    EXPECT_EQ(interop::start_adopted(
                  {}, [](::caf::actor_system&) -> ::caf::actor { throw std::runtime_error("no luck"); })
                  .error()
                  .text,
              "no luck");
  });
}

TEST_F(adopted_actor, whose_process_is_killed_before_it_runs_is_killed) {
  event gone;
  run([&gone] {
    const runtime::result<pid> made = interop::start_adopted({}, [&gone](::caf::actor_system& s) {
      return s.spawn([&gone](::caf::event_based_actor* self) -> ::caf::behavior {
        self->attach_functor([&gone](const ::caf::error&) { gone.happen(); });
        return {[](int number) { return number; }};
      });
    });
    ASSERT_TRUE(made);
    const runtime::monitor_ref ref = runtime::monitor(*made);
    runtime::exit(*made, exit_reason::kill());
    EXPECT_EQ(reason_of(ref), exit_reason::killed());
  });
  gone.await("the actor's end");
}

TEST_F(adopted_actor, ends_with_the_node) {
  event gone;
  event there;
  node().spawn(interop::adopt([&](::caf::actor_system& s) {
    return s.spawn([&](::caf::event_based_actor* self) -> ::caf::behavior {
      self->attach_functor([&](const ::caf::error&) { gone.happen(); });
      there.happen();
      return {[](int number) { return number; }};
    });
  }));
  there.await("the actor's start");
  node_fixture::stop();
  EXPECT_TRUE(gone.happened());
}

TEST_F(adopted_actor, tells_why_it_ended_as_processes_do) {
  run([] {
    const exit_reason reasons[]{exit_reason::shutdown(), exit_reason::custom("with text"),
                                exit_reason::noproc(),
                                exit_reason(exit_reason::kind::exception, "no luck", "std::runtime_error")};
    for (const exit_reason& why : reasons) {
      const runtime::monitored process = runtime::spawn_monitor(interop::adopt(
          [](::caf::actor_system& s) { return s.spawn(obedient{std::make_shared<diary>()}); }));
      runtime::exit(process.who, why);
      EXPECT_EQ(reason_of(process.ref), why);
    }
  });
}

TEST_F(adopted_actor, many_come_and_go) {
  run([this] {
    const std::size_t many = scaled(300, 50);
    const pid top = started(options({.intensity = 100'000}), {});
    for (std::size_t i = 0; i < many; ++i)
      ASSERT_TRUE(start_child(top, actor_child({.id = std::to_string(i)}, obedient{notes})));
    for (std::size_t i = 0; i < many; i += 3)
      end_by(who(top, std::to_string(i)), static_cast<int>(i % 2) * 2);
    for (std::size_t i = 0; i < many; ++i)
      EXPECT_EQ(ask(who(top, std::to_string(i)), 50), 100);
    stop(top);
  });
  std::size_t starts = 0;
  std::size_t ends = 0;
  for (const std::string& line : notes->take()) {
    starts += line == "start" ? 1 : 0;
    ends += line == "end" ? 1 : 0;
  }
  EXPECT_EQ(starts, ends);
}

} // namespace
} // namespace perron::supervisors
