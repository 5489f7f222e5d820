// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/supervisor.hpp>

#include "supervisors/supervisor_fixture.hpp"
#include "support/bad_processes.hpp"

#include <perron/runtime/message.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace perron::supervisors {
namespace {

using namespace std::chrono_literals;
using kind = answer::kind;
using runtime::exit_reason;
using runtime::pid;
using runtime::result;
using testing::reason_of;
namespace bad = testing::bad;

class supervisor_test : public supervisor_fixture {};

// -- starting

TEST_F(supervisor_test, starts_in_order_and_stops_in_reverse) {
  run([&] {
    const pid sup = started({}, {noted("a"), noted("b"), noted("c")});
    EXPECT_EQ(notes->take(), (lines{"start a", "start b", "start c"}));
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
    EXPECT_EQ(notes->take(), (lines{"end c (shutdown)", "end b (shutdown)", "end a (shutdown)"}));
  });
}

TEST_F(supervisor_test, a_child_that_does_not_start_takes_back_those_before_it) {
  run([&] {
    const auto fails = [](const char* id, auto how) {
      child_spec spec;
      spec.id = id;
      spec.start = [how]() -> result<pid> { return how(); };
      return spec;
    };
    using outcome = result<pid>;
    const std::vector<std::pair<child_spec, std::string>> cases{
        {fails("error", []() -> outcome { return runtime::error{"no luck"}; }), "no luck"},
        {fails("throws", []() -> outcome { throw std::runtime_error("boo"); }), "std::runtime_error: boo"},
        {fails("throws_int", []() -> outcome { throw 42; }), "int"},
        {fails("exits", []() -> outcome { runtime::exit(exit_reason::custom("bye")); }), "bye"},
    };
    for (const auto& [spec, why] : cases) {
      const result<pid> made = start_supervisor(options({.name = "sup"}), {noted("a"), noted("b"), spec});
      ASSERT_FALSE(made);
      EXPECT_EQ(made.error().text, "shutdown: failed_to_start_child: " + spec.id + ": " + why);
      EXPECT_EQ(notes->take(), (lines{"start a", "start b", "start_error " + spec.id + " (" + why + ")",
                                      "end b (shutdown)", "end a (shutdown)"}));
      EXPECT_FALSE(runtime::whereis("sup"));
    }
    // nothing of it comes as mail
    runtime::receive([](runtime::any_message m) { ADD_FAILURE() << m.type().name(); },
                     runtime::after(0s, [] {}));
  });
}

TEST_F(supervisor_test, a_server_whose_constructor_throws_does_not_start) {
  struct broken {
    broken() { throw std::logic_error("half built"); }
  };
  run([&] {
    const result<pid> made = start_supervisor(options(), {server_child<broken>("broken")});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().text, "shutdown: failed_to_start_child: broken: std::logic_error: half built");
  });
}

TEST_F(supervisor_test, wrong_specs_are_refused_before_anything_starts) {
  run([&] {
    const result<pid> made = start_supervisor({}, {noted("a"), noted("a")});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().text, "duplicate_child_name: two children have the id 'a'");
    EXPECT_EQ(notes->take(), lines{});
  });
}

TEST_F(supervisor_test, a_name_that_is_taken_is_an_error) {
  run([&] {
    const pid first = started({.name = "sup"}, {});
    EXPECT_EQ(runtime::whereis("sup"), first);
    EXPECT_FALSE(start_supervisor({.name = "sup"}, {}));
    stop(first);
    stop(started({.name = "sup"}, {}));
  });
}

TEST_F(supervisor_test, children_are_spawned_as_their_specs_say) {
  run([&] {
    const pid sup = started({}, {child({.id = "a", .spawn = {.name = "the a"}}, bad::hang{})});
    EXPECT_EQ(runtime::whereis("the a"), who(sup, "a"));
    stop(sup);
  });
}

TEST_F(supervisor_test, an_empty_pid_is_an_ignored_start) {
  run([&] {
    child_spec nothing;
    nothing.id = "nothing";
    nothing.start = [] { return result<pid>(pid()); };
    const pid sup = started({}, {nothing});
    EXPECT_EQ(count_children(sup).value(), (child_counts{1, 0, 0, 1}));
    EXPECT_EQ(restart_child(sup, "nothing"), answer{kind::ok});
    stop(sup);
  });
}

// -- restarting

TEST_F(supervisor_test, a_crashed_child_begins_with_what_it_was_given) {
  run([&] {
    const pid me = runtime::self();
    const auto body = [me, count = 0]() mutable {
      runtime::send(me, ++count);
      throw std::runtime_error("again");
    };
    const pid sup = started(options({.intensity = 2}), {child("a", body)});
    const runtime::monitor_ref ref = runtime::monitor(sup);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(runtime::receive_one<int>(), 1);
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
    const std::string crash = "child_terminated a (std::runtime_error: again)";
    EXPECT_EQ(notes->take(), (lines{crash, crash, crash, "shutdown a (reached_max_restart_intensity)"}));
  });
}

TEST_F(supervisor_test, time_is_what_the_given_clock_says) {
  run([&] {
    const auto now = std::make_shared<std::atomic<std::int64_t>>(0);
    const pid me = runtime::self();
    const pid sup = started(options({.intensity = 1, .period = 5s, .clock = [now] { return now->load(); }}),
                            {child("a", greeter("a", me))});
    for (int i = 0; i < 5; ++i, *now += 6)
      runtime::exit(runtime::receive_one<hello>().who, exit_reason::custom("crash"));
    const pid last = runtime::receive_one<hello>().who;
    *now -= 1; // the restart before was five seconds ago
    const runtime::monitor_ref ref = runtime::monitor(sup);
    runtime::exit(last, exit_reason::custom("crash"));
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
  });
}

TEST_F(supervisor_test, giving_up_ends_the_other_children_first) {
  run([&] {
    const pid sup = started(options({.intensity = 0}), {noted("a"), noted("b"), noted("c")});
    const runtime::monitor_ref ref = runtime::monitor(sup);
    notes->take();
    runtime::exit(who(sup, "b"), exit_reason::custom("crash"));
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
    EXPECT_EQ(notes->take(),
              (lines{"end b (crash)", "child_terminated b (crash)",
                     "shutdown b (reached_max_restart_intensity)", "end c (shutdown)", "end a (shutdown)"}));
  });
}

TEST_F(supervisor_test, rest_for_one_restarts_in_order) {
  run([&] {
    const pid sup = started(options({.strategy = rest_for_one}), {noted("a"), noted("b"), noted("c")});
    notes->take();
    runtime::cast(who(sup, "b"), noted_server::crash{});
    testing::yield_until([&, c = who(sup, "c")] { return !runtime::alive(c); });
    EXPECT_EQ(count_children(sup).value(), (child_counts{3, 3, 0, 3})); // after the restart is done
    EXPECT_EQ(notes->take(), (lines{"end b (std::runtime_error: as ordered)",
                                    "child_terminated b (std::runtime_error: as ordered)", "end c (shutdown)",
                                    "start b", "start c"}));
    stop(sup);
  });
}

TEST_F(supervisor_test, a_supervisor_that_gave_up_is_restarted_by_its_own) {
  run([&] {
    const pid me = runtime::self();
    const pid top =
        started(options(),
                {supervisor_child("inner", options({.intensity = 0}), {child("leaf", greeter("leaf", me))})});
    const pid inner = who(top, "inner");
    runtime::exit(runtime::receive_one<hello>().who, exit_reason::custom("crash"));
    runtime::receive_one<hello>();
    EXPECT_NE(who(top, "inner"), inner);
    EXPECT_EQ(count_children(top).value(), (child_counts{1, 1, 1, 0}));
    EXPECT_EQ(get_child_spec(top, "inner").value().shutdown, infinity);
    EXPECT_EQ(notes->take(),
              (lines{"child_terminated leaf (crash)", "shutdown leaf (reached_max_restart_intensity)",
                     "child_terminated inner (shutdown)"}));
    stop(top);
  });
}

/// Starts only while it may.
struct moody {
  explicit moody(const std::shared_ptr<std::atomic<bool>>& may) {
    if (!*may)
      throw std::runtime_error("not now");
  }
};

TEST_F(supervisor_test, calls_come_between_the_attempts_of_a_failing_restart) {
  run([&] {
    const auto may = std::make_shared<std::atomic<bool>>(true);
    const pid sup = started({.intensity = 1'000'000, .reports = [](const report&) {}},
                            {server_child<moody>("moody", may), noted("other")});
    const pid first = who(sup, "moody");
    may->store(false);
    runtime::exit(first, exit_reason::custom("crash"));
    testing::yield_until([&] { return restart_child(sup, "moody").what != kind::running; });

    EXPECT_EQ(restart_child(sup, "moody"), answer{kind::restarting});
    EXPECT_EQ(delete_child(sup, "moody"), answer{kind::restarting});
    EXPECT_EQ(start_child(sup, server_child<moody>("moody", may)), answer{kind::already_present});
    EXPECT_EQ(who(sup, "moody"), pid());
    EXPECT_EQ(count_children(sup).value(), (child_counts{2, 1, 0, 2}));

    may->store(true);
    testing::yield_until([&] { return restart_child(sup, "moody").what == kind::running; });
    EXPECT_NE(who(sup, "moody"), first);

    may->store(false);
    runtime::exit(who(sup, "moody"), exit_reason::custom("crash"));
    testing::yield_until([&] { return restart_child(sup, "moody").what == kind::restarting; });
    EXPECT_EQ(terminate_child(sup, "moody"), answer{kind::ok});
    EXPECT_EQ(delete_child(sup, "moody"), answer{kind::ok});
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
  });
}

TEST_F(supervisor_test, a_failing_restart_does_not_keep_it_from_stopping) {
  run([&] {
    const auto may = std::make_shared<std::atomic<bool>>(true);
    const pid sup = started({.intensity = 1'000'000, .reports = [](const report&) {}},
                            {noted("other"), server_child<moody>("moody", may)});
    may->store(false);
    runtime::exit(who(sup, "moody"), exit_reason::custom("crash"));
    testing::yield_until([&] { return restart_child(sup, "moody").what == kind::restarting; });
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
    EXPECT_EQ(notes->take(), (lines{"start other", "end other (shutdown)"}));
  });
}

} // namespace
} // namespace perron::supervisors
