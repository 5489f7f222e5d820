// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/state_machine.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <cerrno>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct button {
  char digit = '0';
};
struct ring {
  using reply = std::string;
};
struct enter_room {
  using reply = std::string;
  std::string who;
};
struct lock_again {};

/// The door of OTP's design principles, with a bell and people who wait in front of it.
struct door {
  enum class state { locked, open };
  state initial = state::locked;
  using casts = protocol<button, lock_again>;
  using calls = protocol<ring, enter_room>;

  explicit door(std::string right, pid told = {}, std::chrono::nanoseconds stays_open = no_timeout)
      : code(std::move(right)), witness(told), open_for(stays_open) {}

  transition<state> handle(state at, const button& b) {
    if (at == state::open)
      return postpone();
    entered += b.digit;
    if (entered.size() < code.size())
      return keep_state();
    const bool right = std::exchange(entered, {}) == code;
    if (right)
      return next_state(state::open).state_timeout(open_for);
    return keep_state();
  }
  transition<state> handle(state, lock_again) { return state::locked; }
  transition<state> handle(state, state_timed_out) { return state::locked; }
  transition<state> handle(state at, ring, const caller& from) {
    return keep_state().reply(from, std::string(at == state::open ? "come in" : "who is it?"));
  }
  transition<state> handle(state at, enter_room& r, const caller& from) {
    if (at == state::locked)
      return postpone();
    return keep_state().reply(from, "welcome, " + std::move(r.who));
  }
  void enter(state now, state before) {
    if (now != before)
      send(witness, now);
  }
  void terminate(const exit_reason& why) { send(witness, why); }

  std::string code;
  std::string entered;
  pid witness;
  std::chrono::nanoseconds open_for;
};
using door_state = door::state;

void press(pid d, const std::string& digits) {
  for (const char digit : digits)
    cast(d, button{digit});
}

class state_machine : public node_fixture {};

TEST_F(state_machine, changes_its_state_and_answers_by_it) {
  run([] {
    const pid d = start_state_machine<door>({.name = "door"}, "12", self()).value();
    EXPECT_EQ(whereis("door"), d);
    EXPECT_EQ(call(d, ring{}).value(), "who is it?");
    press(d, "1312");
    EXPECT_EQ(receive_one<door_state>(), door_state::open);
    EXPECT_EQ(call(d, ring{}).value(), "come in");
    EXPECT_EQ(state_of<door>(d).value(), door_state::open);
    cast(d, lock_again{});
    EXPECT_EQ(receive_one<door_state>(), door_state::locked);
  });
}

TEST_F(state_machine, retries_postponed_events_and_calls_in_order) {
  run([] {
    const pid d = start_state_machine<door>({}, "12", self()).value();
    const monitored visitor =
        spawn_monitor([d] { EXPECT_EQ(call(d, enter_room{"ada"}).value(), "welcome, ada"); });
    yield_until([&] { return visitor.who.slot()->waits_for.load() == core::wait_kind::call; });
    press(d, "12");
    EXPECT_EQ(receive_one<door_state>(), door_state::open);
    EXPECT_EQ(reason_of(visitor.ref), exit_reason::normal());
    press(d, "12"); // wait until it is locked, and then open it
    cast(d, lock_again{});
    EXPECT_EQ(receive_one<door_state>(), door_state::locked);
    EXPECT_EQ(receive_one<door_state>(), door_state::open);
  });
}

TEST_F(state_machine, is_told_by_a_timeout_of_its_state) {
  run([] {
    const pid d = start_state_machine<door>({}, "12", self(), 2ms).value();
    press(d, "12");
    EXPECT_EQ(receive_one<door_state>(), door_state::open);
    EXPECT_EQ(receive_one<door_state>(), door_state::locked);
  });
}

TEST_F(state_machine, leaves_no_timeout_behind_when_its_state_changes_or_it_ends) {
  run([] {
    const pid d = start_state_machine<door>({}, "12", self(), 1h).value();
    press(d, "12");
    EXPECT_EQ(receive_one<door_state>(), door_state::open);
    cast(d, lock_again{});
    EXPECT_EQ(receive_one<door_state>(), door_state::locked);
    yield_until([&] { return d.slot()->waits_for.load() == core::wait_kind::receive; });
    EXPECT_EQ(d.slot()->wait_timer, nullptr);
    press(d, "12");
    EXPECT_EQ(receive_one<door_state>(), door_state::open);
  });
}

// -- a connection that is tried again

struct up {};
struct broken {};
struct ask_line {
  using reply = std::string;
  std::string text;
};

/// Connects after its start, tries again with a longer time after each failure, and gives up in the end.
struct connection {
  enum class state { connecting, waiting, connected };
  state initial = state::connecting;
  using casts = protocol<up, broken>;
  using calls = protocol<ask_line>;

  connection(pid to, int allowed) : peer(to), tries(allowed) {}

  actions enter(state now, state) {
    if (now == state::connecting)
      send(peer, std::pair<pid, std::string>(self(), "connect"));
    if (now == state::waiting)
      return keep_state().state_timeout(std::chrono::milliseconds(++failed));
    return keep_state();
  }
  transition<state> handle(state, up) { return next_state(state::connected).cancel_timeout("give up"); }
  transition<state> handle(state, broken) {
    if (--tries == 0)
      return stop_machine(exit_reason::custom("the peer does not answer"));
    return next_state(state::waiting).timeout("give up", 1h);
  }
  transition<state> handle(state, state_timed_out) { return state::connecting; }
  transition<state> handle(state, const timed_out& which) {
    return stop_machine(exit_reason::custom(which.name));
  }
  transition<state> handle(state at, const ask_line& line, const caller& from) {
    if (at != state::connected)
      return postpone();
    return keep_state().reply(from, "echo " + line.text);
  }

  pid peer;
  int tries;
  int failed = 0;
};

TEST_F(state_machine, tries_a_connection_again_while_callers_wait) {
  run([] {
    const pid c = start_state_machine<connection>({}, self(), 5).value();
    const monitored user =
        spawn_monitor([c] { EXPECT_EQ(call(c, ask_line{"hello"}, no_timeout).value(), "echo hello"); });
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ((receive_one<std::pair<pid, std::string>>().second), "connect");
      cast(c, broken{});
    }
    receive_one<std::pair<pid, std::string>>();
    cast(c, up{});
    EXPECT_EQ(reason_of(user.ref), exit_reason::normal());
  });
}

TEST_F(state_machine, that_stops_fails_the_calls_that_it_has_postponed) {
  run([] {
    const pid c = start_state_machine<connection>({}, self(), 1).value();
    const monitored user = spawn_monitor(
        [c] { EXPECT_EQ(call(c, ask_line{"hello"}, no_timeout).error().text, "the peer does not answer"); });
    yield_until([&] { return user.who.slot()->waits_for.load() == core::wait_kind::call; });
    const monitor_ref ref = monitor(c);
    cast(c, broken{});
    EXPECT_EQ(reason_of(ref), exit_reason::custom("the peer does not answer"));
    EXPECT_EQ(reason_of(user.ref), exit_reason::normal());
  });
}

// -- one whose steps the test gives

using script_state = std::string;
struct note {
  std::string text;
};
struct give {
  std::function<transition<script_state>(pid)> step;
};
struct seen {
  std::string text;
};
struct stop_and_tell {
  using reply = int;
};
struct puppet {
  using state = script_state;
  state initial = "a";
  using casts = protocol<give, note>;
  using calls = protocol<stop_and_tell>;
  static constexpr std::chrono::nanoseconds hibernate_after{1ms};

  explicit puppet(pid told) : witness(told) {}

  transition<state> handle(const state&, give& g) { return g.step(witness); }
  void handle(const state& at, const note& n) { tell(at + ":" + n.text); }
  void handle(const state& at, state_timed_out) { tell(at + ":#state"); }
  void handle(const state& at, event_timed_out) { tell(at + ":#event"); }
  void handle(const state& at, const timed_out& t) { tell(at + ":#" + t.name); }
  transition<state> handle(const state&, stop_and_tell, const caller& from) {
    return transition<state>(stop_machine()).reply(from, 7);
  }
  void handle(const state& at, any_message& other) {
    if (const int* number = other.get_if<int>(); number != nullptr)
      tell(at + ":int");
  }
  actions enter(const state& now, const state& before) {
    tell(before + ">" + now);
    if (now == "throws")
      throw std::runtime_error("no entry");
    if (now == "inserts")
      return keep_state().insert(note{"x"});
    if (now == "leaves")
      return stop_machine(exit_reason::shutdown("left"));
    return keep_state();
  }
  void tell(std::string text) const { send(witness, seen{std::move(text)}); }

  pid witness;
};

pid started() {
  const pid p = start_state_machine<puppet>({}, self()).value();
  receive(when([](const seen& s) { return s.text == "a>a"; }, [](const seen&) {}));
  return p;
}
std::string next_seen() { return receive_one<seen>().text; }
void tell(pid p, std::function<transition<script_state>(pid)> step) { cast(p, give{std::move(step)}); }

TEST_F(state_machine, enters_its_first_state_and_each_new_one_and_repeats_if_told) {
  run([] {
    const pid p = started();
    tell(p, [](pid) { return script_state("b"); });
    EXPECT_EQ(next_seen(), "a>b");
    tell(p, [](pid) { return script_state("b"); });
    tell(p, [](pid) { return keep_state(); });
    tell(p, [](pid) { return repeat_state(); });
    EXPECT_EQ(next_seen(), "b>b");
    tell(p, [](pid) { return script_state("c"); });
    EXPECT_EQ(next_seen(), "b>c");
  });
}

TEST_F(state_machine, handles_inserted_events_before_mail_that_waits) {
  run([] {
    const pid p = started();
    tell(p, [](pid) {
      cast(self(), note{"mail"});
      return next_state(script_state("b")).insert(note{"1"}).insert(note{"2"});
    });
    EXPECT_EQ(next_seen(), "a>b");
    EXPECT_EQ(next_seen(), "b:1");
    EXPECT_EQ(next_seen(), "b:2");
    EXPECT_EQ(next_seen(), "b:mail");
  });
}

TEST_F(state_machine, has_timeouts_of_all_kinds) {
  run([] {
    const pid p = started();
    tell(p, [](pid) {
      return keep_state().timeout("x", 3ms).timeout("y", 1ms).state_timeout(2ms).timeout("z", 0s);
    });
    EXPECT_EQ(next_seen(), "a:#z");
    EXPECT_EQ(next_seen(), "a:#y");
    EXPECT_EQ(next_seen(), "a:#state");
    EXPECT_EQ(next_seen(), "a:#x");
    tell(p, [](pid) { return keep_state().event_timeout(1ms); });
    EXPECT_EQ(next_seen(), "a:#event");
    tell(p, [](pid) { return keep_state().timeout("x", 1ms).timeout("x", 1h).timeout("y", 2ms); });
    EXPECT_EQ(next_seen(), "a:#y") << "x was replaced";
    tell(p, [](pid) { return keep_state().cancel_timeout("x").state_timeout(1h).cancel_state_timeout(); });
    cast(p, note{"n"});
    EXPECT_EQ(next_seen(), "a:n");
    yield_until([&] { return p.slot()->state.load() == core::process_state::hibernating; });
  });
}

TEST_F(state_machine, is_not_told_of_an_event_timeout_that_an_event_cancelled) {
  run([] {
    const pid p = started();
    tell(p, [](pid) {
      cast(self(), note{"in time"});
      return keep_state().event_timeout(1ms).timeout("later", 3ms);
    });
    EXPECT_EQ(next_seen(), "a:in time");
    EXPECT_EQ(next_seen(), "a:#later");
  });
}

TEST_F(state_machine, hibernates_with_its_state_and_what_it_has_postponed) {
  run([] {
    const pid p = started();
    for (const char* text : {"1", "2"})
      tell(p, [text, tried = false](pid told) mutable -> transition<script_state> {
        if (!std::exchange(tried, true))
          return postpone();
        send(told, seen{text});
        return keep_state();
      });
    yield_until([&] { return p.slot()->state.load() == core::process_state::hibernating; });
    tell(p, [](pid) { return script_state("b"); });
    EXPECT_EQ(next_seen(), "a>b");
    EXPECT_EQ(next_seen(), "1");
    EXPECT_EQ(next_seen(), "2");
    EXPECT_EQ(state_of<puppet>(p).value(), "b");
  });
}

TEST_F(state_machine, gets_other_mail_and_keeps_what_it_does_not_know_from_piling_up) {
  run([] {
    const pid p = started();
    send(p, 5);
    EXPECT_EQ(next_seen(), "a:int");
    const pid d = start_state_machine<door>({}, "1").value();
    send(d, 5);
    EXPECT_EQ(call(d, ring{}).value(), "who is it?");
    EXPECT_EQ(d.slot()->mail_waiting(), 0U);
  });
}

TEST_F(state_machine, answers_before_it_stops) {
  run([] {
    const pid p = started();
    const monitor_ref ref = monitor(p);
    EXPECT_EQ(call(p, stop_and_tell{}).value(), 7);
    EXPECT_EQ(reason_of(ref), exit_reason::normal());
  });
}

// -- what goes wrong

TEST_F(state_machine, ends_with_what_a_callback_throws) {
  run([] {
    const pid a = started();
    const monitor_ref of_a = monitor(a);
    tell(a, [](pid) -> transition<script_state> { throw std::runtime_error("in a step"); });
    EXPECT_EQ(reason_of(of_a).text(), "in a step");
    const pid b = started();
    const monitor_ref of_b = monitor(b);
    tell(b, [](pid) { return script_state("throws"); });
    EXPECT_EQ(reason_of(of_b).text(), "no entry");
    const pid c = started();
    const monitor_ref of_c = monitor(c);
    tell(c, [](pid) -> transition<script_state> { exit(exit_reason::custom("by exit")); });
    EXPECT_EQ(reason_of(of_c), exit_reason::custom("by exit"));
    const pid d = started();
    const monitor_ref of_d = monitor(d);
    tell(d, [](pid) { return script_state("leaves"); });
    EXPECT_EQ(reason_of(of_d), exit_reason::shutdown("left"));
  });
}

TEST_F(state_machine, may_not_insert_when_a_state_is_entered) {
  run([] {
    const pid p = started();
    const monitor_ref ref = monitor(p);
    tell(p, [](pid) { return script_state("inserts"); });
    EXPECT_EQ(reason_of(ref).type(), "std::logic_error");
  });
}

struct forgetful {
  enum class state { only };
  state initial = state::only;
  static actions enter(state, state) { return keep_state().state_timeout(0s); }
};

TEST_F(state_machine, ends_by_a_timeout_that_it_does_not_handle) {
  run([] {
    const pid p = start_state_machine<forgetful>({}).value();
    const exit_reason why = reason_of(monitor(p));
    EXPECT_TRUE(why.type() == "std::logic_error" || why == exit_reason::noproc());
  });
}

struct restless {
  enum class state { only };
  state initial = state::only;
  using casts = protocol<note>;
  static transition<state> handle(state, const note&) { return keep_state().insert(note{}); }
};

TEST_F(state_machine, that_never_looks_at_its_mail_can_be_killed) {
  run([] {
    const pid p = start_state_machine<restless>({}).value();
    const monitor_ref ref = monitor(p);
    cast(p, note{});
    exit(p, exit_reason::kill());
    EXPECT_EQ(reason_of(ref), exit_reason::killed());
  });
}

TEST_F(state_machine, ends_by_its_parents_order_with_last_words) {
  run([] {
    const pid d = start_state_machine<door>({.trap_exit = true}, "1", self()).value();
    const monitor_ref ref = monitor(d);
    exit(d, exit_reason::shutdown());
    EXPECT_EQ(receive_one<exit_reason>(), exit_reason::shutdown());
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
  });
}

struct unwilling : door {
  unwilling() : door("") { throw std::runtime_error("no key"); }
};

TEST_F(state_machine, that_cannot_be_made_is_not_started) {
  run([] {
    EXPECT_EQ(start_state_machine<unwilling>({}).error().text, "std::runtime_error: no key");
    EXPECT_TRUE(start_state_machine<door>(start_options{.spawn = {.name = "d"}, .start_timeout = 60s}, "1"));
    EXPECT_EQ(start_state_machine<door>({.name = "d"}, "1").error().code, EEXIST);
  });
}

TEST_F(state_machine, can_be_suspended_and_looked_into) {
  run([] {
    const pid d = start_state_machine<door>({}, "12", self()).value();
    EXPECT_TRUE(suspend(d));
    press(d, "1");
    EXPECT_EQ(get_state<door>(d).value().entered, "");
    EXPECT_TRUE(resume(d));
    EXPECT_EQ(call(d, ring{}).value(), "who is it?");
    EXPECT_EQ(get_state<door>(d).value().entered, "1");
    EXPECT_TRUE(replace_state(d, door("7", self())));
    press(d, "7");
    EXPECT_EQ(receive_one<door_state>(), door_state::open);
  });
}

} // namespace
} // namespace perron::runtime
