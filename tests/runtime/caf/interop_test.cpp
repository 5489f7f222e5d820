// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/blocking.hpp>
#include <perron/runtime/caf/interop.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct go {};

int number_in(const interop::mail& m) {
  return m.content.match_elements<int>() ? m.content.get_as<int>(0) : -1;
}

/// Answers each number with its double, until told to stop by 0.
::caf::behavior doubler(::caf::event_based_actor* self) {
  return {[self](int number) {
    if (number == 0)
      self->quit();
    return 2 * number;
  }};
}

class caf_interop : public node_fixture {
protected:
  ::caf::actor_system& actors() { return interop::actors(node()); }

  /// Starts a process that answers one request with one more.
  pid increment_once() {
    return node().spawn([] { receive([](const interop::mail& m) { interop::reply(m, number_in(m) + 1); }); });
  }
};

TEST_F(caf_interop, actor_sends_to_a_process_and_is_answered) {
  outcome_queue<int> answers;
  const ::caf::actor process = interop::actor_of(increment_once());
  actors().spawn([&answers, process](::caf::event_based_actor* self) {
    self->request(process, ::caf::infinite, 41).then([&answers](int got) { answers.put(got); });
  });
  EXPECT_EQ(answers.take(), 42);
}

TEST_F(caf_interop, process_sends_to_an_actor_and_is_answered) {
  run([] {
    const ::caf::actor actor = interop::actors().spawn(doubler);
    for (int i = 1; i <= 100; ++i) {
      interop::send(actor, i);
      EXPECT_EQ(receive([](const interop::mail& m) { return number_in(m); }), 2 * i);
    }
  });
}

TEST_F(caf_interop, messages_keep_their_order_in_both_directions) {
  run([] {
    const ::caf::actor to_me = interop::actor_of(self());
    constexpr int many = 1000;
    interop::actors().spawn([to_me](::caf::event_based_actor* actor) {
      for (int i = 0; i < many; ++i)
        actor->send(to_me, i);
    });
    for (int i = 0; i < many; ++i)
      ASSERT_EQ(receive([](const interop::mail& m) { return number_in(m); }), i);
  });
}

TEST_F(caf_interop, message_has_its_sender_and_its_parts) {
  run([] {
    const ::caf::actor to_me = interop::actor_of(self());
    const ::caf::actor actor =
        interop::actors().spawn([to_me](::caf::event_based_actor* a) -> ::caf::behavior {
          a->send(to_me, 7, std::string("parts"));
          return {[a](int) { a->quit(); }};
        });
    receive([&](const interop::mail& m) {
      ASSERT_TRUE((m.content.match_elements<int, std::string>()));
      EXPECT_EQ(m.content.get_as<int>(0), 7);
      EXPECT_EQ(m.content.get_as<std::string>(1), "parts");
      EXPECT_FALSE(m.id.is_request());
      EXPECT_EQ(m.sender, actor);
      interop::reply(m, 1); // no request: nothing happens
    });
    interop::send(actor, 0);
  });
}

TEST_F(caf_interop, blocking_actor_on_an_ordinary_thread_asks_a_process) {
  const ::caf::actor process = interop::actor_of(increment_once());
  ::caf::scoped_actor me(actors());
  me->request(process, ::caf::infinite, 1)
      .receive([](int got) { EXPECT_EQ(got, 2); }, [](const ::caf::error&) { ADD_FAILURE(); });
}

TEST_F(caf_interop, request_to_a_process_that_is_dead_fails) {
  outcome_queue<::caf::error> errors;
  ::caf::actor process;
  run([&] { process = interop::actor_of(self()); });
  ASSERT_TRUE(process);
  run([&] { yield_until([&] { return current_node_stats().processes == 1; }); });
  actors().spawn([&errors, process](::caf::event_based_actor* self) {
    self->request(process, ::caf::infinite, 1)
        .then([](int) { ADD_FAILURE(); }, [&errors](const ::caf::error& e) { errors.put(e); });
  });
  EXPECT_EQ(errors.take(), ::caf::make_error(::caf::sec::request_receiver_down));
}

TEST_F(caf_interop, request_ends_with_its_time_by_the_nodes_clock) {
  outcome_queue<::caf::error> errors;
  const pid silent = node().spawn(bad::hang{});
  const ::caf::actor process = interop::actor_of(silent);
  const auto start = std::chrono::steady_clock::now();
  actors().spawn([&errors, process](::caf::event_based_actor* self) {
    self->request(process, 5ms, 1)
        .then([](int) { ADD_FAILURE(); }, [&errors](const ::caf::error& e) { errors.put(e); });
  });
  EXPECT_EQ(errors.take(), ::caf::make_error(::caf::sec::request_timeout));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 5ms);
}

TEST_F(caf_interop, delayed_message_comes_by_the_nodes_clock) {
  outcome_queue<int> came;
  const auto start = std::chrono::steady_clock::now();
  actors().spawn([&came](::caf::event_based_actor* self) -> ::caf::behavior {
    self->delayed_send(self, 5ms, 8);
    return {[self, &came](int number) {
      came.put(number);
      self->quit();
    }};
  });
  EXPECT_EQ(came.take(), 8);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 5ms);
}

TEST_F(caf_interop, receive_timeout_of_an_actor_comes_by_the_nodes_clock) {
  event came;
  const ::caf::actor held = actors().spawn([&came](::caf::event_based_actor* self) -> ::caf::behavior {
    return {[](int) {}, ::caf::after(3ms) >>
                            [self, &came] {
                              came.happen();
                              self->quit();
                            }};
  });
  came.await("the actor's timeout");
}

TEST_F(caf_interop, delayed_message_that_is_due_after_the_stop_holds_nothing_up) {
  const auto held = std::make_shared<int>(1);
  event ready;
  actors().spawn([held, &ready](::caf::event_based_actor* self) -> ::caf::behavior {
    self->delayed_send(self, std::chrono::hours(1), 8);
    ready.happen();
    return {[held](int) {}};
  });
  ready.await("the actor's start");
  stop();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(caf_interop, actor_is_told_by_its_monitor_why_a_process_ended) {
  outcome_queue<::caf::error> reasons;
  const auto reason_seen = [&](auto body) {
    const pid who = node().spawn([body] {
      receive_one<go>();
      body();
    });
    event watching;
    const ::caf::actor process = interop::actor_of(who);
    const ::caf::actor held = actors().spawn([&, process](::caf::event_based_actor* self) -> ::caf::behavior {
      self->set_down_handler([self, &reasons](const ::caf::down_msg& d) {
        reasons.put(d.reason);
        self->quit();
      });
      self->monitor(process);
      watching.happen();
      return {[](int) {}};
    });
    watching.await("the actor's start");
    send(who, go{});
    return reasons.take().value_or(::caf::error());
  };
  EXPECT_EQ(reason_seen([] {}), ::caf::error());
  EXPECT_EQ(reason_seen([] { exit(exit_reason::shutdown()); }), ::caf::exit_reason::user_shutdown);
  EXPECT_NE(::caf::to_string(reason_seen([] { throw std::runtime_error("with text"); })).find("with text"),
            std::string::npos);
}

TEST_F(caf_interop, process_is_told_by_its_monitor_why_an_actor_ended) {
  run([] {
    const auto reason_seen = [](const ::caf::error& why) {
      const ::caf::actor actor =
          interop::actors().spawn([why](::caf::event_based_actor* a) -> ::caf::behavior {
            return {[a, why](int) { a->quit(why); }};
          });
      const monitor_ref ref = interop::monitor(actor);
      interop::send(actor, 1);
      return receive(when([&](const down& d) { return d.ref == ref; },
                          [&](const down& d) {
                            EXPECT_EQ(d.who.id(), actor.id());
                            return d.reason;
                          }));
    };
    EXPECT_EQ(reason_seen({}), exit_reason::normal());
    EXPECT_EQ(reason_seen(::caf::exit_reason::user_shutdown), exit_reason::shutdown());
    EXPECT_EQ(reason_seen(::caf::sec::bad_function_call).what(), exit_reason::kind::custom);
  });
}

TEST_F(caf_interop, monitor_of_an_actor_that_has_ended_tells_at_once) {
  run([] {
    const ::caf::actor actor = interop::actors().spawn(doubler);
    const monitor_ref first = interop::monitor(actor);
    interop::send(actor, 0);
    EXPECT_EQ(reason_of(first), exit_reason::normal());
    receive([](const interop::mail&) {}, after(0s, [] {}));
    EXPECT_EQ(reason_of(interop::monitor(actor)), exit_reason::normal());
  });
}

TEST_F(caf_interop, link_ends_the_process_with_the_actor) {
  run([] {
    const monitored linked = spawn_monitor([] { receive_one<go>(); });
    const ::caf::actor process = interop::actor_of(linked.who);
    interop::actors().spawn([process](::caf::event_based_actor* a) {
      a->link_to(process);
      a->quit(::caf::exit_reason::user_shutdown);
    });
    EXPECT_EQ(reason_of(linked.ref), exit_reason::shutdown());
  });
}

TEST_F(caf_interop, link_is_mail_to_a_process_that_traps_exits) {
  run({.trap_exit = true}, [] {
    const ::caf::actor process = interop::actor_of(self());
    const ::caf::actor actor = interop::actors().spawn([process](::caf::event_based_actor* a) {
      a->link_to(process);
      a->quit(::caf::sec::bad_function_call);
    });
    const auto e = receive_one<exited>();
    EXPECT_EQ(e.from.id(), actor.id());
    EXPECT_FALSE(e.reason.orderly());
  });
}

TEST_F(caf_interop, link_ends_the_actor_with_the_process) {
  run([] {
    const monitored linked = spawn_monitor([] {
      receive_one<go>();
      exit(exit_reason::custom("both of us"));
    });
    const ::caf::actor process = interop::actor_of(linked.who);
    const ::caf::actor actor =
        interop::actors().spawn([process](::caf::event_based_actor* a) -> ::caf::behavior {
          a->link_to(process);
          return {[](int n) { return n; }};
        });
    const monitor_ref ref = interop::monitor(actor);
    interop::send(actor, 5);
    receive([](const interop::mail&) {}); // it is linked by now
    send(linked.who, go{});
    EXPECT_NE(reason_of(ref).to_string().find("both of us"), std::string::npos);
    EXPECT_EQ(reason_of(linked.ref), exit_reason::custom("both of us"));
  });
}

TEST_F(caf_interop, exit_message_ends_a_process) {
  run([] {
    const monitored child = spawn_monitor(bad::hang{});
    ::caf::anon_send_exit(interop::actor_of(child.who), ::caf::exit_reason::user_shutdown);
    EXPECT_EQ(reason_of(child.ref), exit_reason::shutdown());
    const monitored deaf = spawn_monitor(bad::trap_exits{});
    ::caf::anon_send_exit(interop::actor_of(deaf.who), ::caf::exit_reason::kill);
    EXPECT_EQ(reason_of(deaf.ref), exit_reason::killed());
  });
}

TEST_F(caf_interop, handle_of_the_dead_is_null_and_an_old_one_reaches_nobody) {
  run([] {
    const monitored child = spawn_monitor([] { receive_one<go>(); });
    const ::caf::actor handle = interop::actor_of(child.who);
    ASSERT_TRUE(handle);
    send(child.who, go{});
    reason_of(child.ref);
    yield_until([&] { return !interop::actor_of(child.who); });
    for (int i = 0; i < 1000; ++i)
      reason_of_running([] { receive([](any_message) { ADD_FAILURE(); }, after(0s, [] {})); });
    interop::send(handle, 1);
    EXPECT_FALSE(interop::actor_of(pid()));
  });
}

TEST_F(caf_interop, handles_come_and_go_while_processes_end) {
  run([] {
    for (std::size_t i = 0; i < scaled(2000, 300); ++i) {
      const monitored child = spawn_monitor([] {});
      const ::caf::actor first = interop::actor_of(child.who);
      const ::caf::actor second = interop::actor_of(child.who);
      if (second) {
        interop::send(second, 1);
      }
      reason_of(child.ref);
    }
  });
}

TEST_F(caf_interop, many_actors_and_processes_talk_at_once) {
  run([] {
    const int pairs = static_cast<int>(scaled(100, 20));
    std::vector<monitored> all;
    for (int p = 0; p < pairs; ++p)
      all.push_back(spawn_monitor([] {
        const ::caf::actor actor = interop::actors().spawn(doubler);
        for (int i = 1; i <= 50; ++i) {
          interop::send(actor, i);
          ASSERT_EQ(receive([](const interop::mail& m) { return number_in(m); }), 2 * i);
        }
        interop::send(actor, 0);
      }));
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
  });
}

TEST_F(caf_interop, actor_that_computes_for_long_does_not_hold_others_up) {
  const auto enough = std::make_shared<std::atomic<bool>>(false);
  event spinning(2);
  event ended(2);
  for (int i = 0; i < 2; ++i)
    actors().spawn([enough, &spinning, &ended](::caf::event_based_actor*) {
      spinning.happen();
      while (!enough->load()) {
      }
      ended.happen();
    });
  spinning.await("the actors' start");
  run([] {
    for (int i = 0; i < 10; ++i)
      EXPECT_EQ(reason_of_running([] { yield(); }), exit_reason::normal());
  });
  *enough = true;
  ended.await("the actors' end");
}

/// CAF waits at its end for every thread that has spawned, unless a job of CAF's own came after it there.
TEST_F(caf_interop, node_stops_whichever_of_its_threads_have_spawned) {
  run([] {
    ::caf::actor_system& all = interop::actors();
    blocking([&all] { all.spawn<::caf::lazy_init>(doubler); });
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(reason_of_running([&all] { all.spawn<::caf::lazy_init>(doubler); }), exit_reason::normal());
  });
  stop();
}

TEST_F(caf_interop, actors_that_give_themselves_work_for_ever_do_not_hold_the_node_up) {
  event works;
  std::atomic<bool> told{false};
  actors().spawn([&](::caf::event_based_actor* self) {
    self->send(self, 1);
    return ::caf::behavior{[self, &works, &told](int n) {
      if (!told.exchange(true))
        works.happen();
      self->send(self, n);
    }};
  });
  works.await("the actor's work");
  stop();
}

} // namespace
} // namespace perron::runtime
