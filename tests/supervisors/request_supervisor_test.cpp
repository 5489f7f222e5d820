// SPDX-License-Identifier: BSD-3-Clause
// A request supervisor of its own, with requests that are mere processes (otp-semantics 5.11, 5.12 h and i).
// tests/httpd/request_supervision_test.cpp has the same for connections.
#include <perron/supervisors/request_supervisor.hpp>

#include "supervisors/supervisor_fixture.hpp"
#include "support/bad_processes.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace perron::supervisors {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using runtime::exit_reason;
using runtime::pid;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct go_on {};

class request_supervisor_test : public supervisor_fixture {
protected:
  /// Without drain_time, unless the options say otherwise.
  static request_supervisor started(request_supervisor_options options = {
                                        .name = {}, .limits = {}, .drain_time = 0ms}) {
    return request_supervisor::start(std::move(options)).value();
  }

  /// A request that waits to be told to go on.
  static pid waiting(const request_supervisor& requests, std::string label = "") {
    return requests.start_request(std::move(label), [] { runtime::receive_one<go_on>(); }).value();
  }
  static void let_go(pid who) {
    const runtime::monitor_ref gone = runtime::monitor(who);
    runtime::send(who, go_on{});
    EXPECT_EQ(reason_of(gone), exit_reason::normal());
  }

  template <class F>
  static request_counts await(const request_supervisor& requests, F&& condition) {
    request_counts now;
    yield_until([&] {
      now = count_requests(requests.who()).value();
      return condition(now);
    });
    return now;
  }
  static request_counts await_none(const request_supervisor& requests) {
    return await(requests, [](const request_counts& c) { return c.connections == 0 && c.running == 0; });
  }

  static bool is_asleep(pid acceptor) {
    return acceptor.slot()->waits_for.load() == runtime::core::wait_kind::room;
  }

  static exit_reason stop(const request_supervisor& requests) {
    return supervisor_fixture::stop(requests.who());
  }
};

// -- counting

TEST_F(request_supervisor_test, counts_each_end_under_its_kind) {
  run([] {
    const request_supervisor requests = started();
    const auto ends = [&](auto body) { EXPECT_TRUE(requests.start_request("", body)); };
    ends([] {});
    ends([] { throw std::runtime_error("as ordered"); });
    ends([] { runtime::exit(exit_reason::custom("enough")); });
    ends([] { runtime::exit(exit_reason::client_gone()); });
    ends([] { runtime::exit(slow_reader()); });
    ends([] { runtime::exit(over_deadline()); });
    runtime::exit(waiting(requests), exit_reason::kill());
    EXPECT_TRUE(stop_request(requests.who(), waiting(requests)));
    request_counts now = await_none(requests);
    EXPECT_EQ(now.started, 8U);
    EXPECT_EQ(now.accepted, 8U);
    EXPECT_THAT(now.ended, ElementsAre(1, 2, 1, 1, 1, 0, 2));

    waiting(requests);
    EXPECT_EQ(drain(requests.who(), 0ms).value().drained, 1U);
    now = await_none(requests);
    EXPECT_EQ(now.ended_as(request_end::drained), 1U);
    EXPECT_EQ(stop(requests), exit_reason::shutdown());
  });
}

TEST_F(request_supervisor_test, counts_those_of_all_acceptors) {
  constexpr int acceptors = 4;
  const int each = static_cast<int>(scaled(5'000, 500));
  run([&] {
    const request_supervisor requests = started();
    std::atomic<int> ran{0};
    std::vector<runtime::monitor_ref> over;
    for (int i = 0; i < acceptors; ++i)
      over.push_back(runtime::spawn_monitor([&] {
                       for (int k = 0; k < each; ++k)
                         EXPECT_TRUE(requests.start_request("", [&] { ++ran; }));
                     }).ref);
    for (const runtime::monitor_ref ref : over)
      EXPECT_EQ(reason_of(ref), exit_reason::normal());
    EXPECT_EQ(await_none(requests).ended_as(request_end::normal),
              static_cast<std::uint64_t>(acceptors * each));
    EXPECT_EQ(ran, acceptors * each);
    stop(requests);
  });
}

TEST_F(request_supervisor_test, a_crash_costs_nobody_else_anything) {
  run([] {
    const request_supervisor requests = started();
    const pid other = waiting(requests);
    EXPECT_TRUE(requests.start_request("", bad::crash{}));
    await(requests, [](const request_counts& c) { return c.ended_as(request_end::crashed) == 1; });
    let_go(other);
    EXPECT_EQ(await_none(requests).ended_as(request_end::normal), 1U);
    stop(requests);
  });
}

// -- listing and stopping

TEST_F(request_supervisor_test, lists_what_runs_by_page) {
  run([] {
    const request_supervisor requests = started();
    std::vector<pid> all;
    for (int i = 0; i < 10; ++i)
      all.push_back(waiting(requests, "number " + std::to_string(i)));
    let_go(all[4]);
    await(requests, [](const request_counts& c) { return c.running == 9; });

    std::vector<std::string> labels;
    pid after;
    std::vector<std::size_t> sizes;
    for (bool more = true; more;) {
      const request_page page = which_requests(requests.who(), after, 4).value();
      sizes.push_back(page.requests.size());
      for (const request_info& each : page.requests) {
        EXPECT_LT(after, each.who);
        EXPECT_TRUE(runtime::alive(each.who));
        EXPECT_LT(each.running_for, patience);
        after = each.who;
        labels.push_back(each.label);
      }
      more = page.more;
    }
    EXPECT_THAT(sizes, ElementsAre(4, 4, 1));
    EXPECT_THAT(labels,
                ::testing::UnorderedElementsAre("number 0", "number 1", "number 2", "number 3", "number 5",
                                                "number 6", "number 7", "number 8", "number 9"));
    stop(requests);
  });
}

TEST_F(request_supervisor_test, stops_one_by_the_rule_and_only_its_own) {
  run([] {
    const request_supervisor requests = started();
    const pid polite = waiting(requests);
    EXPECT_TRUE(stop_request(requests.who(), polite));
    EXPECT_FALSE(runtime::alive(polite));
    EXPECT_TRUE(stop_request(requests.who(), polite)) << "it has ended";

    const pid stubborn = requests.start_request("", bad::trap_exits{}).value();
    EXPECT_TRUE(stop_request(requests.who(), stubborn, 1ms));
    EXPECT_FALSE(runtime::alive(stubborn));
    const pid another = requests.start_request("", bad::trap_exits{}).value();
    EXPECT_TRUE(stop_request(requests.who(), another, shutdown_rule::brutally()));

    const pid stranger = runtime::spawn([] { runtime::receive_one<go_on>(); });
    EXPECT_EQ(stop_request(requests.who(), stranger).what, answer::kind::not_found);
    EXPECT_TRUE(runtime::alive(stranger));
    runtime::exit(stranger, exit_reason::kill());

    EXPECT_EQ(await_none(requests).ended_as(request_end::killed), 3U);
    stop(requests);
    EXPECT_EQ(stop_request(requests.who(), stranger).what, answer::kind::unreachable);
    EXPECT_FALSE(count_requests(requests.who()));
  });
}

TEST_F(request_supervisor_test, answers_what_ordinary_supervisors_are_asked) {
  run([] {
    const request_supervisor requests = started({.name = "lines", .limits = {}, .drain_time = 0ms});
    const pid one = waiting(requests, "one");
    const pid two = waiting(requests, "two");
    const auto info = [](std::string id, pid who) {
      return child_info{std::move(id), who, child_info::state_type::running, child_type::worker};
    };
    EXPECT_THAT(which_children(requests.who()).value(),
                ::testing::UnorderedElementsAre(info("one", one), info("two", two)));
    const child_page first = which_children(requests.who(), page{.from = 0, .most = 1}).value();
    EXPECT_EQ(first.children.size(), 1U);
    const child_page second = which_children(requests.who(), page{.from = first.next, .most = 1}).value();
    EXPECT_EQ(second.children.size(), 1U);
    EXPECT_EQ(second.next, 0U);
    EXPECT_NE(first.children, second.children);
    EXPECT_EQ(count_children(requests.who()).value(), (child_counts{1, 2, 0, 2}));
    EXPECT_EQ(facts_of(requests.who(), patience).value().name, "lines");

    EXPECT_TRUE(terminate_child(requests.who(), one));
    EXPECT_FALSE(runtime::alive(one));
    EXPECT_EQ(terminate_child(requests.who(), runtime::self()).what, answer::kind::not_found);
    EXPECT_EQ(terminate_child(requests.who(), "two").what, answer::kind::simple_one_for_one);
    EXPECT_EQ(start_child(requests.who(), child("three", [] {})).what, answer::kind::simple_one_for_one);
    EXPECT_FALSE(get_child_spec(requests.who(), two));
    EXPECT_TRUE(stop_supervisor(requests.who()));
  });
}

// -- limits

TEST_F(request_supervisor_test, acceptors_sleep_at_max_connections_and_one_is_woken_by_an_end) {
  constexpr std::size_t acceptors = 5;
  constexpr std::size_t most = 3;
  run([&] {
    const request_supervisor requests =
        started({.name = {}, .limits = {.max_connections = most}, .drain_time = 0ms});
    std::vector<runtime::monitored> all;
    for (std::size_t i = 0; i < acceptors; ++i)
      all.push_back(runtime::spawn_monitor([&] {
        for (int k = 0; k < 4; ++k)
          waiting(requests);
      }));
    const auto all_sleep = [&] {
      return std::all_of(all.begin(), all.end(), [](const runtime::monitored& m) {
        return !runtime::alive(m.who) || is_asleep(m.who);
      });
    };
    // all of 20, a few at a time
    for (std::size_t ended = 0; ended < 4 * acceptors; ++ended) {
      const std::size_t left = 4 * acceptors - ended;
      const request_counts now =
          await(requests, [&](const request_counts& c) { return c.running >= std::min(left, most); });
      EXPECT_LE(now.connections, most + acceptors - 1);
      yield_until(all_sleep);
      let_go(which_requests(requests.who()).value().requests.front().who);
    }
    for (const runtime::monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
    EXPECT_EQ(await_none(requests).accepted, 4 * acceptors);
    stop(requests);
  });
}

TEST_F(request_supervisor_test, a_raised_limit_wakes_all) {
  run([] {
    const request_supervisor requests =
        started({.name = {}, .limits = {.max_connections = 1}, .drain_time = 0ms});
    waiting(requests);
    std::vector<runtime::monitor_ref> all;
    for (int i = 0; i < 5; ++i)
      all.push_back(runtime::spawn_monitor([&] { waiting(requests); }).ref);
    EXPECT_TRUE(set_max_connections(requests.who(), 6));
    for (const runtime::monitor_ref ref : all)
      EXPECT_EQ(reason_of(ref), exit_reason::normal());
    EXPECT_EQ(count_requests(requests.who()).value().running, 6U);
    stop(requests);
  });
}

TEST_F(request_supervisor_test, an_acceptor_that_is_ended_in_its_sleep_leaves_the_room_to_another) {
  run([] {
    const request_supervisor requests =
        started({.name = {}, .limits = {.max_connections = 1}, .drain_time = 0ms});
    const pid first = waiting(requests);
    std::vector<runtime::monitored> all;
    for (int i = 0; i < 2; ++i) {
      all.push_back(runtime::spawn_monitor([&] { waiting(requests); }));
      yield_until([&] { return is_asleep(all.back().who); });
    }
    runtime::exit(all[0].who, exit_reason::kill());
    let_go(first);
    EXPECT_EQ(reason_of(all[0].ref), exit_reason::killed());
    EXPECT_EQ(reason_of(all[1].ref), exit_reason::normal());
    stop(requests);
  });
}

TEST_F(request_supervisor_test, at_the_hard_limit_it_says_so_at_once) {
  run([] {
    const request_supervisor requests = started({.name = {}, .limits = {.hard_limit = 2}, .drain_time = 0ms});
    const pid first = waiting(requests);
    waiting(requests);
    const auto third = requests.start_request("", [] {});
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, EBUSY);
    EXPECT_EQ(count_requests(requests.who()).value().turned_away, 1U);
    let_go(first);
    await(requests, [](const request_counts& c) { return c.connections == 1; });
    EXPECT_TRUE(requests.start_request("", [] {}));
    EXPECT_TRUE(set_hard_limit(requests.who(), 0));
    for (int i = 0; i < 3; ++i)
      waiting(requests);
    stop(requests);
  });
}

TEST_F(request_supervisor_test, who_leaves_the_count_makes_room_and_is_still_supervised) {
  run([] {
    const request_supervisor requests =
        started({.name = {}, .limits = {.max_connections = 1}, .drain_time = 0ms});
    const auto long_lived = [&] {
      EXPECT_TRUE(requests.leave_count());
      EXPECT_FALSE(requests.leave_count());
      runtime::receive_one<go_on>();
    };
    for (int i = 0; i < 5; ++i)
      EXPECT_TRUE(requests.start_request("", long_lived));
    const request_counts now = await(requests, [](const request_counts& c) { return c.counted == 0; });
    EXPECT_EQ(now.connections, 5U);
    EXPECT_EQ(now.running, 5U);
    EXPECT_FALSE(requests.leave_count()) << "the test is none of its requests";
    EXPECT_EQ(drain(requests.who(), 0ms).value().drained, 5U);
    const request_counts after = count_requests(requests.who()).value();
    EXPECT_EQ(after.connections, 0U);
    EXPECT_EQ(after.counted, 0U);
    stop(requests);
  });
}

// -- alarms

TEST_F(request_supervisor_test, an_alarm_is_raised_in_a_process_of_its_own_once_in_a_cooldown) {
  run([] {
    const pid me = runtime::self();
    const auto tell = [me](const alarm_info& what) { runtime::send(me, what); };
    const request_supervisor requests =
        started({.name = {},
                 .limits = {.alarms = {{.name = "many", .threshold = 2, .call = tell, .cooldown = 10min},
                                       {.name = "each", .threshold = 4, .call = tell, .cooldown = 0ms},
                                       {.name = "crash",
                                        .threshold = 1,
                                        .call = [](const alarm_info&) -> void {
                                          throw std::runtime_error("as ordered");
                                        }}}},
                 .drain_time = 0ms});
    for (int i = 0; i < 5; ++i)
      waiting(requests);
    std::vector<std::string> names;
    for (int i = 0; i < 3; ++i)
      runtime::receive([&](const alarm_info& what) {
        EXPECT_EQ(what.supervisor, requests.who());
        names.push_back(what.name + ' ' + std::to_string(what.connections));
      });
    EXPECT_THAT(names, ::testing::UnorderedElementsAre("many 2", "each 4", "each 5"));
    EXPECT_TRUE(count_requests(requests.who()));
    stop(requests);
    runtime::receive([](const alarm_info& what) { ADD_FAILURE() << what.name; }, runtime::after(0s, [] {}));
  });
}

// -- drain, suspend, resume, stop

TEST_F(request_supervisor_test, a_drain_ends_when_the_last_request_does) {
  run([] {
    const request_supervisor requests = started();
    const pid request = waiting(requests);
    const pid me = runtime::self();
    runtime::spawn([&] { runtime::send(me, drain(requests.who(), 10min).value().drained); });
    yield_until([&] {
      const auto late = requests.start_request("", [] {});
      return !late && late.error().code == ECANCELED;
    });
    EXPECT_THAT(drain(requests.who(), 1ms).error().text, HasSubstr("already"));
    EXPECT_FALSE(resume_accepting(requests.who()));
    runtime::send(request, go_on{});
    EXPECT_EQ(runtime::receive_one<std::uint64_t>(), 0U);

    EXPECT_TRUE(resume_accepting(requests.who()));
    let_go(waiting(requests));
    EXPECT_EQ(drain(requests.who(), 10min).value().drained, 0U) << "nobody is there";
    stop(requests);
  });
}

TEST_F(request_supervisor_test, a_drain_gives_what_could_not_be_ended) {
  const bad::spin busy;
  run([busy] {
    const request_supervisor requests = started();
    event entered;
    const pid spinning = requests
                             .start_request("",
                                            [busy, &entered] {
                                              entered.happen();
                                              busy();
                                            })
                             .value();
    waiting(requests);
    const pid stubborn = requests.start_request("", bad::trap_exits{}).value();
    yield_until([&] { return entered.happened(); });
    const runtime::monitor_ref over = runtime::monitor(spinning);
    const drain_outcome out = drain(requests.who(), 1ms).value();
    EXPECT_EQ(out.drained, 2U);
    EXPECT_EQ(out.left, 1U);
    EXPECT_FALSE(runtime::alive(stubborn));
    busy.enough->store(true, std::memory_order_release);
    reason_of(over);
    await_none(requests);
    stop(requests);
  });
}

TEST_F(request_supervisor_test, suspended_it_lets_what_runs_run) {
  run([] {
    const request_supervisor requests = started();
    const pid request = waiting(requests);
    EXPECT_TRUE(suspend_accepting(requests.who()));
    EXPECT_TRUE(suspend_accepting(requests.who()));
    EXPECT_FALSE(requests.start_request("", [] {}));
    EXPECT_TRUE(runtime::alive(request));
    EXPECT_TRUE(resume_accepting(requests.who()));
    EXPECT_TRUE(requests.start_request("", [] {}));
    runtime::exit(request, exit_reason::kill());
    EXPECT_EQ(await_none(requests).ended_as(request_end::killed), 1U) << "nothing was drained";
    stop(requests);
  });
}

TEST_F(request_supervisor_test, a_suspension_and_a_stop_wake_sleeping_acceptors) {
  run([] {
    const request_supervisor requests =
        started({.name = {}, .limits = {.max_connections = 1}, .drain_time = 0ms});
    const auto refused = [&] { EXPECT_EQ(requests.start_request("", [] {}).error().code, ECANCELED); };
    const auto asleep = [&] {
      const runtime::monitored m = runtime::spawn_monitor(refused);
      yield_until([&] { return is_asleep(m.who); });
      return m.ref;
    };
    waiting(requests);
    runtime::monitor_ref over = asleep();
    EXPECT_TRUE(suspend_accepting(requests.who()));
    EXPECT_EQ(reason_of(over), exit_reason::normal());
    EXPECT_TRUE(resume_accepting(requests.who()));
    over = asleep();
    runtime::exit(requests.who(), exit_reason::kill());
    EXPECT_EQ(reason_of(over), exit_reason::normal());
  });
}

TEST_F(request_supervisor_test, a_stop_gives_requests_their_drain_time_and_then_ends_them) {
  run([] {
    const request_supervisor requests = started({.name = {}, .limits = {}, .drain_time = 10min});
    const pid request = waiting(requests);
    const runtime::monitor_ref over = runtime::monitor(requests.who());
    const runtime::monitor_ref ended = runtime::monitor(request);
    runtime::exit(requests.who(), exit_reason::shutdown());
    runtime::send(request, go_on{});
    EXPECT_EQ(reason_of(ended), exit_reason::normal());
    EXPECT_EQ(reason_of(over), exit_reason::shutdown());

    const request_supervisor hasty = started({.name = {}, .limits = {}, .drain_time = 0ms});
    const runtime::monitor_ref killed = runtime::monitor(waiting(hasty));
    EXPECT_EQ(stop(hasty), exit_reason::shutdown());
    EXPECT_EQ(reason_of(killed), exit_reason::shutdown());
  });
}

TEST_F(request_supervisor_test, its_death_is_that_of_its_requests) {
  run([] {
    const request_supervisor requests = started();
    const runtime::monitor_ref ended = runtime::monitor(waiting(requests));
    runtime::exit(requests.who(), exit_reason::kill());
    EXPECT_EQ(reason_of(ended), exit_reason::killed());
    EXPECT_FALSE(requests.start_request("", [] {}));
  });
}

TEST_F(request_supervisor_test, stands_under_a_supervisor_and_is_found_by_name) {
  run([] {
    const pid tree =
        supervisor_fixture::started({.intensity = 5}, {request_supervisor_child("lines", {.name = "lines"})});
    for (int i = 0; i < 3; ++i) {
      const auto requests = request_supervisor::of(runtime::whereis("lines"));
      ASSERT_TRUE(requests);
      const runtime::monitor_ref ended = runtime::monitor(waiting(*requests));
      const pid old = requests->who();
      runtime::exit(old, exit_reason::kill());
      EXPECT_EQ(reason_of(ended), exit_reason::killed());
      EXPECT_TRUE(count_requests(await_successor("lines", old)));
    }
    supervisor_fixture::stop(tree);
    EXPECT_FALSE(request_supervisor::of(tree));
  });
}

} // namespace
} // namespace perron::supervisors
