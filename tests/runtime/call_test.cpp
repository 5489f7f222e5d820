// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/call.hpp>
#include <perron/runtime/timer.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct twice {
  using reply = int;
  int value = 0;
};
struct remember {
  std::string text;
};
struct go {};

void expect_no_mail() {
  receive([](any_message m) { ADD_FAILURE() << "unexpected: " << m.type().name(); }, after(0s, [] {}));
}

/// Answers `calls` times.
auto doubler(int calls) {
  return [calls] {
    for (int i = 0; i < calls; ++i)
      receive([](const caller& from, twice t) { reply(from, 2 * t.value); });
  };
}

void end(const monitored& child) {
  exit(child.who, exit_reason::kill());
  reason_of(child.ref);
}

class process_call : public node_fixture {};

TEST_F(process_call, gives_the_answer) {
  run([] {
    const pid server = spawn(doubler(2));
    EXPECT_EQ(call(server, twice{21}).value(), 42);
    EXPECT_EQ((call<int>(server, twice{4}).value()), 8);
  });
}

TEST_F(process_call, carries_types_that_can_only_be_moved_both_ways) {
  run([] {
    using held = std::unique_ptr<int>;
    const pid server = spawn([] {
      receive([](const caller& from, held h) {
        ++*h;
        reply(from, std::move(h));
      });
    });
    EXPECT_EQ(*call<held>(server, std::make_unique<int>(1)).value(), 2);
  });
}

TEST_F(process_call, may_be_answered_with_nothing) {
  run([] {
    const pid server = spawn([] { receive([](const caller& from, const remember&) { reply(from); }); });
    EXPECT_TRUE(call<void>(server, remember{"it"}).has_value());
  });
}

TEST_F(process_call, is_not_taken_by_a_clause_for_plain_mail_nor_the_other_way_round) {
  run([] {
    const pid server = spawn([] {
      receive([](twice) { ADD_FAILURE() << "a call is not plain mail"; },
              [](const caller& from, twice t) { reply(from, t.value); });
      receive([](const caller&, twice) { ADD_FAILURE() << "plain mail is no call"; },
              [](twice t) { EXPECT_EQ(t.value, 2); });
    });
    EXPECT_EQ(call(server, twice{1}).value(), 1);
    const monitor_ref ref = monitor(server);
    send(server, twice{2});
    EXPECT_EQ(reason_of(ref), exit_reason::normal());
  });
}

// OTP gen_server:call/3: a call to the dead fails at once.
TEST_F(process_call, to_the_dead_says_noproc) {
  run([] {
    const monitored server = spawn_monitor([] {});
    reason_of(server.ref);
    const auto got = call(server.who, twice{});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), (error{"noproc", ESRCH}));
    EXPECT_EQ(call(pid(), twice{}).error(), (error{"noproc", ESRCH}));
  });
}

TEST_F(process_call, to_oneself_is_an_error) {
  run([] {
    const auto got = call(self(), twice{});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, EDEADLK);
    expect_no_mail();
  });
}

TEST_F(process_call, needs_a_calling_process) {
  const pid server = node().spawn(bad::hang{});
  EXPECT_THROW(static_cast<void>(call(server, twice{})), not_a_process);
}

TEST_F(process_call, fails_with_the_reason_when_the_server_ends_before_it_took_the_call) {
  run([] {
    const monitored server = spawn_monitor([] {
      receive_one<go>();
      exit(exit_reason::custom("fell over"));
    });
    // the go comes first, the call lies in the mailbox or in front of the door
    send(server.who, go{});
    const auto got = call(server.who, twice{});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ESRCH);
    EXPECT_TRUE(got.error().text == "fell over" || got.error().text == "noproc") << got.error().text;
    reason_of(server.ref);
    expect_no_mail();
  });
}

TEST_F(process_call, fails_with_the_reason_when_the_server_ends_after_it_took_the_call) {
  run([] {
    const monitored server =
        spawn_monitor([] { receive([](const caller&, twice) { throw std::runtime_error("half way"); }); });
    const auto got = call(server.who, twice{});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), (error{"std::runtime_error: half way", ESRCH}));
    EXPECT_EQ(reason_of(server.ref).text(), "half way");
    expect_no_mail();
  });
}

TEST_F(process_call, fails_when_the_server_is_killed_with_the_call_unread) {
  run([] {
    const monitored server = spawn_monitor(bad::hang{});
    spawn([who = server.who] {
      yield_until([&] { return who.slot()->mail_waiting() == 1; });
      exit(who, exit_reason::kill());
    });
    EXPECT_EQ(call(server.who, twice{}, no_timeout).error(), (error{"killed", ESRCH}));
    EXPECT_EQ(reason_of(server.ref), exit_reason::killed());
  });
}

TEST_F(process_call, ends_with_its_time) {
  run([] {
    const monitored server = spawn_monitor(bad::hang{});
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(call(server.who, twice{}, 3ms).error(), (error{"timeout", ETIMEDOUT}));
    EXPECT_GE(std::chrono::steady_clock::now() - start, 3ms);
    EXPECT_EQ(call(server.who, twice{}, 0ms).error().code, ETIMEDOUT);
    EXPECT_EQ(call(server.who, twice{}, -1ms).error().code, ETIMEDOUT);
    end(server);
    expect_no_mail();
  });
}

// otp-semantics 5.10: late replies go to a dead alias and vanish.
TEST_F(process_call, never_sees_the_answer_to_an_earlier_one) {
  run([] {
    const monitored server = spawn_monitor([] {
      std::optional<caller> first;
      receive([&](const caller& from, twice) { first = from; });
      receive([&](const caller& from, const remember&) {
        EXPECT_FALSE(reply(*first, 13) && false);
        reply(from, std::string("right"));
      });
      reply(*first, 13);
    });
    EXPECT_EQ(call(server.who, twice{}, 1ms).error().code, ETIMEDOUT);
    EXPECT_EQ(call<std::string>(server.who, remember{}).value(), "right");
    EXPECT_EQ(reason_of(server.ref), exit_reason::normal());
    expect_no_mail();
  });
}

TEST_F(process_call, either_gets_the_answer_or_times_out_when_both_race) {
  run([] {
    const monitored server = spawn_monitor([] {
      for (;;)
        receive([](const caller& from, twice t) {
          send_after(2ms, self(), go{}); // goes off when the caller's time is over
          receive_one<go>();
          reply(from, t.value);
        });
    });
    int answered = 0;
    for (int i = 0; i < static_cast<int>(scaled(300, 100)); ++i) {
      const auto got = call(server.who, twice{i}, 2ms);
      if (got) {
        EXPECT_EQ(*got, i) << "the answer to another call";
        ++answered;
      } else {
        EXPECT_EQ(got.error().code, ETIMEDOUT);
      }
      expect_no_mail();
    }
    EXPECT_GE(answered, 0);
    EXPECT_EQ(call(server.who, twice{-7}, no_timeout).value(), -7);
    end(server);
  });
}

TEST_F(process_call, leaves_mail_where_it_is) {
  run([] {
    send(self(), 1);
    const pid server = spawn([parent = self()] {
      receive([&](const caller& from, twice) {
        send(parent, 2);
        reply(from, 0);
        send(parent, 3);
      });
    });
    EXPECT_EQ(call(server, twice{}).value(), 0);
    for (int i = 1; i <= 3; ++i)
      EXPECT_EQ(receive_one<int>(), i);
  });
}

TEST_F(process_call, may_be_answered_by_another_process) {
  run([] {
    const monitored server = spawn_monitor([] {
      for (int i = 0; i < 10; ++i)
        receive([](const caller& from, twice t) { spawn([from, t] { reply(from, 2 * t.value); }); });
      receive_one<go>();
      yield_until(
          [] { return !detail::current().ties || detail::current().ties->watchers.rows().size() == 1; });
    });
    for (int i = 0; i < 10; ++i)
      EXPECT_EQ(call(server.who, twice{i}).value(), 2 * i);
    send(server.who, go{});
    EXPECT_EQ(reason_of(server.ref), exit_reason::normal()) << "the server forgets who waits no more";
  });
}

TEST_F(process_call, may_be_answered_later_and_out_of_order) {
  run([] {
    const pid server = spawn([] {
      std::vector<std::pair<caller, int>> waiting;
      for (int i = 0; i < 5; ++i)
        receive([&](const caller& from, twice t) { waiting.emplace_back(from, t.value); });
      for (auto at = waiting.rbegin(); at != waiting.rend(); ++at)
        EXPECT_TRUE(reply(at->first, 2 * at->second));
    });
    std::vector<monitored> callers;
    for (int i = 0; i < 5; ++i)
      callers.push_back(spawn_monitor([=] { EXPECT_EQ(call(server, twice{i}).value(), 2 * i); }));
    for (const monitored& c : callers)
      EXPECT_EQ(reason_of(c.ref), exit_reason::normal());
  });
}

TEST_F(process_call, counts_the_first_of_two_answers) {
  run([] {
    const pid server = spawn([] {
      receive([](const caller& from, twice) {
        reply(from, 1);
        reply(from, 2);
      });
      receive([](const caller& from, twice) { reply(from, 3); });
    });
    EXPECT_EQ(call(server, twice{}).value(), 1);
    EXPECT_EQ(call(server, twice{}).value(), 3);
    expect_no_mail();
  });
}

TEST_F(process_call, may_be_sent_on_and_the_answer_finds_the_caller) {
  run([] {
    const pid server = spawn(doubler(1));
    const monitored front = spawn_monitor([server] {
      receive([&](any_message m) {
        EXPECT_TRUE(m.is_call());
        EXPECT_TRUE(m.from().from);
        EXPECT_TRUE(std::move(m).forward(server));
      });
      receive_one<go>();
    });
    EXPECT_EQ(call(front.who, twice{3}).value(), 6);
    send(front.who, go{});
    EXPECT_EQ(reason_of(front.ref), exit_reason::normal());
  });
}

TEST_F(process_call, that_was_sent_on_fails_when_the_one_who_has_it_ends) {
  run([] {
    const monitored server =
        spawn_monitor([] { receive([](const caller&, twice) { exit(exit_reason::custom("b")); }); });
    const monitored front = spawn_monitor([to = server.who] {
      receive([&](any_message m) { std::move(m).forward(to); });
      receive_one<go>();
    });
    EXPECT_EQ(call(front.who, twice{3}).error(), (error{"b", ESRCH}));
    send(front.who, go{});
    EXPECT_EQ(reason_of(front.ref), exit_reason::normal());
    reason_of(server.ref);
  });
}

TEST_F(process_call, that_was_sent_on_does_not_fail_with_the_one_who_has_it_no_more) {
  run([] {
    const pid server = spawn([] {
      receive([](const caller& from, twice t) {
        receive_one<go>();
        reply(from, 2 * t.value);
      });
    });
    const monitored front =
        spawn_monitor([server] { receive([&](any_message m) { std::move(m).forward(server); }); });
    spawn([=] {
      yield_until([&] { return !alive(front.who); });
      send(server, go{});
    });
    EXPECT_EQ(call(front.who, twice{4}).value_or(-1), 8);
    reason_of(front.ref);
  });
}

TEST_F(process_call, says_so_when_the_answer_has_another_type) {
  run([] {
    const pid server =
        spawn([] { receive([](const caller& from, twice) { reply(from, std::string("12")); }); });
    const auto got = call(server, twice{6});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, EPROTO);
    EXPECT_NE(got.error().text.find("string"), std::string::npos) << got.error().text;
    EXPECT_NE(got.error().text.find("int"), std::string::npos) << got.error().text;
  });
}

TEST_F(process_call, says_so_when_the_mailbox_is_full) {
  run([] {
    const monitored server = spawn_monitor({.mailbox_bound = 1}, bad::hang{});
    send(server.who, 1);
    EXPECT_EQ(call(server.who, twice{}).error().code, EAGAIN);
    end(server);
  });
}

TEST_F(process_call, made_for_a_call_ends_by_that_ones_deadline) {
  run([] {
    const monitored stuck = spawn_monitor(bad::hang{});
    const monitored middle = spawn_monitor([to = stuck.who, parent = self()] {
      receive([&](const caller& from, twice) {
        EXPECT_NE(from.deadline_ms, 0U);
        const auto got = call(to, twice{}, no_timeout);
        EXPECT_EQ(got.error().code, ETIMEDOUT);
        send(parent, go{});
      });
      receive_one<go>(); // both times end at once: it lives until the caller's has ended as well
      // no longer in a call: its deadline is gone
      const pid server = spawn(doubler(1));
      EXPECT_EQ(call(server, twice{1}).value(), 2);
    });
    EXPECT_EQ(call(middle.who, twice{}, 5ms).error().code, ETIMEDOUT);
    receive_one<go>();
    send(middle.who, go{});
    EXPECT_EQ(reason_of(middle.ref), exit_reason::normal());
    end(stuck);
  });
}

TEST_F(process_call, passes_its_deadline_over_several_hops) {
  run([] {
    const monitored stuck = spawn_monitor(bad::hang{});
    struct hop {
      static void serve(int left, pid last) {
        const pid next = left == 0 ? last : spawn([=] { serve(left - 1, last); });
        receive([&](const caller& from, twice t) {
          const auto got = call(next, t, 1h);
          if (got)
            reply(from, *got);
          receive_one<go>(); // all times end at once: it lives until the caller's has ended as well
          send(next, go{});
        });
      }
    };
    const monitored first = spawn_monitor([last = stuck.who] { hop::serve(5, last); });
    EXPECT_EQ(call(first.who, twice{}, 10ms).error().code, ETIMEDOUT);
    send(first.who, go{});
    EXPECT_EQ(reason_of(first.ref), exit_reason::normal());
    end(stuck);
  });
}

TEST_F(process_call, without_limit_carries_no_deadline) {
  run([] {
    const pid server = spawn(
        [] { receive([](const caller& from, twice) { reply(from, static_cast<int>(from.deadline_ms)); }); });
    EXPECT_EQ(call(server, twice{}, no_timeout).value(), 0);
  });
}

TEST_F(process_call, lets_the_caller_be_ended_while_it_waits) {
  run([] {
    const monitored stuck = spawn_monitor(bad::hang{});
    const monitored waiting = spawn_monitor([to = stuck.who, parent = self()] {
      send(parent, go{});
      static_cast<void>(call(to, twice{}, no_timeout));
    });
    receive_one<go>();
    exit(waiting.who, exit_reason::shutdown());
    EXPECT_EQ(reason_of(waiting.ref), exit_reason::shutdown());
    end(stuck);
  });
}

TEST_F(process_call, to_one_server_by_many_gives_everybody_the_own_answer) {
  run([] {
    const int callers = static_cast<int>(scaled(200, 50));
    const int each = static_cast<int>(scaled(100, 20));
    const pid server = spawn(doubler(callers * each));
    std::vector<monitored> all;
    for (int c = 0; c < callers; ++c)
      all.push_back(spawn_monitor([=] {
        for (int i = 0; i < each; ++i)
          ASSERT_EQ(call(server, twice{c * each + i}, no_timeout).value(), 2 * (c * each + i));
      }));
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
  });
}

class reply_to_nobody : public node_fixture {};

TEST_F(reply_to_nobody, vanishes) {
  run([] {
    std::optional<caller> kept;
    const monitored waiting =
        spawn_monitor([parent = self()] { static_cast<void>(call(parent, twice{}, 1ms)); });
    receive([&](const caller& from, twice) { kept = from; });
    reason_of(waiting.ref);
    EXPECT_FALSE(reply(*kept, 1));
    EXPECT_FALSE(reply(caller{}, 1));
  });
}

} // namespace
} // namespace perron::runtime
