// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/event_manager.hpp>

#include <perron/runtime/system.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <any>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct raised {
  std::string what;
};
struct cleared {
  std::string what;
};
struct get_count {
  using reply = int;
};
struct get_late {
  using reply = int;
};
struct unknown_request {
  using reply = int;
};
struct get_stuck {
  using reply = int;
};

/// A note of one handler: "id raised fire".
struct note {
  std::string text;
};

/// Tells the witness of all that happens to it, and does what the events say.
struct recorder {
  using events = protocol<raised, cleared>;
  using calls = protocol<get_count, get_late, get_stuck>;

  recorder(std::string name, pid told, std::shared_ptr<int> kept = {})
      : id(std::move(name)), witness(told), held(std::move(kept)) {
    if (id == "broken")
      throw std::runtime_error("cannot be made");
  }

  void handle_event(const raised& r) {
    ++count;
    tell("raised " + r.what);
    if (r.what == "throw in " + id)
      throw std::runtime_error("as told");
    if (r.what == "exit in " + id)
      exit(exit_reason::custom("left by exit"));
    if (r.what == "throw 7 in " + id)
      throw 7;
    if (r.what == "hang in " + id)
      bad::hang{}();
  }
  handler_step handle_event(const cleared& c) {
    tell("cleared " + c.what);
    return c.what == "all" ? handler_step::leave : handler_step::stay;
  }
  int handle_call(get_count) const {
    if (count > 100)
      throw std::runtime_error("too many");
    return count;
  }
  void handle_call(get_late, caller from) { waiting = from; }
  int handle_call(get_stuck) {
    tell("stuck");
    bad::hang{}();
    return 0;
  }
  void handle_info(any_message& mail) {
    if (const int* number = mail.get_if<int>(); number != nullptr) {
      tell("int");
      if (waiting.from)
        reply(waiting, *number);
    }
  }
  void terminate(const exit_reason& why) {
    tell("ends: " + why.to_string());
    if (id == "bad last words")
      throw std::runtime_error("in terminate");
  }
  std::any hand_over() { return count; }
  void take_over(const std::any& state) {
    if (id == "fastidious")
      throw std::runtime_error("not from that one");
    if (const int* number = std::any_cast<int>(&state); number != nullptr)
      count = *number;
  }
  void tell(const std::string& text) const { send(witness, note{id + " " + text}); }

  std::string id;
  pid witness;
  std::shared_ptr<int> held;
  int count = 0;
  caller waiting;
};
/// Knows nothing but one event.
struct modest {
  using events = protocol<cleared>;
  void handle_event(const cleared&) {}
};

using texts = std::vector<std::string>;

/// All notes that are there.
texts notes() {
  texts all;
  while (receive(
      [&](note n) {
        all.push_back(std::move(n.text));
        return true;
      },
      after(0s, [] { return false; }))) {
  }
  return all;
}
std::string next_note() { return receive_one<note>().text; }

class event_manager : public node_fixture {
protected:
  /// One that sends its reports to the caller, with handlers of these ids.
  static pid started(const texts& ids = {}) {
    const pid m =
        start_event_manager({.report = [root = self()](const handler_report& r) { send(root, r); }}).value();
    for (const std::string& id : ids)
      EXPECT_TRUE(add_handler<recorder>(m, id, id, self()));
    return m;
  }
};

TEST_F(event_manager, tells_all_handlers_in_the_order_they_were_added) {
  run([] {
    const pid m = started({"a", "b"});
    EXPECT_TRUE(notify(m, raised{"fire"}));
    EXPECT_TRUE(sync_notify(m, cleared{"fire"}));
    EXPECT_EQ(notes(), (texts{"a raised fire", "b raised fire", "a cleared fire", "b cleared fire"}));
    EXPECT_EQ(which_handlers(m).value(), (texts{"a", "b"}));
  });
}

TEST_F(event_manager, without_handlers_takes_events_all_the_same) {
  run([] {
    const pid m = start_event_manager({.spawn = {.name = "events"}}).value();
    EXPECT_EQ(whereis("events"), m);
    EXPECT_TRUE(sync_notify(m, raised{"fire"}));
    EXPECT_EQ(which_handlers(m).value(), texts{});
    EXPECT_EQ(start_event_manager({.spawn = {.name = "events"}}).error().code, EEXIST);
  });
}

TEST_F(event_manager, tells_only_those_who_know_the_event) {
  run([] {
    const pid m = started({"a"});
    EXPECT_TRUE(add_handler<modest>(m, "modest"));
    EXPECT_TRUE(sync_notify(m, raised{"fire"}));
    send(m, 5);
    EXPECT_TRUE(sync_notify(m, std::string("nobody knows this")));
    EXPECT_EQ(notes(), (texts{"a raised fire", "a int"}));
    EXPECT_EQ(which_handlers(m).value().size(), 2U);
  });
}

TEST_F(event_manager, has_one_handler_of_an_id) {
  run([] {
    const pid m = started({"a"});
    EXPECT_EQ(add_handler<modest>(m, "a").error().code, EEXIST);
    EXPECT_TRUE(delete_handler(m, "a"));
    EXPECT_EQ(next_note(), "a ends: normal");
    EXPECT_EQ(delete_handler(m, "a").error().code, ENOENT);
    EXPECT_TRUE(add_handler<modest>(m, "a"));
  });
}

TEST_F(event_manager, does_not_add_what_cannot_be_made) {
  run([] {
    const pid m = started();
    EXPECT_EQ(add_handler<recorder>(m, "x", "broken", self()).error().text,
              "std::runtime_error: cannot be made");
    EXPECT_EQ(add_supervised_handler<recorder>(m, "x", "broken", self()).error().text,
              "std::runtime_error: cannot be made");
    EXPECT_EQ(which_handlers(m).value(), texts{});
    EXPECT_EQ(notes(), texts{});
  });
}

TEST_F(event_manager, lets_a_handler_leave) {
  run([] {
    const pid m = started({"a"});
    EXPECT_TRUE(sync_notify(m, cleared{"all"}));
    EXPECT_EQ(notes(), (texts{"a cleared all", "a ends: normal"}));
    EXPECT_EQ(which_handlers(m).value(), texts{});
  });
}

TEST_F(event_manager, asks_one_handler) {
  run([] {
    const pid m = started({"a", "b"});
    EXPECT_TRUE(notify(m, raised{"1"}));
    EXPECT_EQ(call_handler(m, "b", get_count{}).value(), 1);
    EXPECT_EQ(call_handler(m, "c", get_count{}).error().code, ENOENT);
    EXPECT_EQ(call_handler(m, "b", unknown_request{}).error().code, EPROTO);
    EXPECT_EQ(call_handler<std::string>(m, "b", get_count{}).error().code, EPROTO);
    const monitored waiter =
        spawn_monitor([m] { EXPECT_EQ(call_handler(m, "a", get_late{}, no_timeout).value(), 12); });
    yield_until([&] { return waiter.who.slot()->waits_for.load() == core::wait_kind::call; });
    send(m, 12);
    EXPECT_EQ(reason_of(waiter.ref), exit_reason::normal());
  });
}

// OTP gen_event: a handler that fails is deleted, and the others go on
TEST_F(event_manager, removes_and_reports_a_handler_that_fails_and_goes_on_with_the_others) {
  run([] {
    const pid m = started({"a", "b", "c"});
    EXPECT_TRUE(sync_notify(m, raised{"throw in b"}));
    EXPECT_EQ(notes(), (texts{"a raised throw in b", "b raised throw in b",
                              "b ends: std::runtime_error: as told", "c raised throw in b"}));
    const auto r = receive_one<handler_report>();
    EXPECT_EQ(r.manager, m);
    EXPECT_EQ(r.id, "b");
    EXPECT_NE(r.type.find("recorder"), std::string::npos);
    EXPECT_NE(r.event.find("raised"), std::string::npos);
    EXPECT_EQ(r.reason.text(), "as told");
    EXPECT_EQ(which_handlers(m).value(), (texts{"a", "c"}));

    EXPECT_TRUE(sync_notify(m, raised{"exit in a"}));
    EXPECT_EQ(receive_one<handler_report>().reason, exit_reason::custom("left by exit"));
    EXPECT_TRUE(sync_notify(m, raised{"throw 7 in c"}));
    EXPECT_EQ(receive_one<handler_report>().reason.type(), "int");
    EXPECT_EQ(which_handlers(m).value(), texts{});
  });
}

TEST_F(event_manager, removes_a_handler_that_fails_in_a_call_and_tells_the_caller) {
  run([] {
    const pid m = started({"a"});
    for (int i = 0; i <= 100; ++i)
      notify(m, raised{"x"});
    EXPECT_EQ(call_handler(m, "a", get_count{}).error().text, "std::runtime_error: too many");
    EXPECT_EQ(receive_one<handler_report>().id, "a");
    EXPECT_EQ(which_handlers(m).value(), texts{});
  });
}

TEST_F(event_manager, reports_a_handler_that_fails_in_its_last_words) {
  run([] {
    const pid m = started({"bad last words", "b"});
    EXPECT_TRUE(delete_handler(m, "bad last words"));
    EXPECT_EQ(receive_one<handler_report>().event, "terminate");
    EXPECT_EQ(which_handlers(m).value(), (texts{"b"}));
  });
}

TEST_F(event_manager, lives_though_its_sink_throws_and_logs_without_one) {
  run([] {
    const pid m = start_event_manager({.report = [](const handler_report&) {
                    throw std::runtime_error("sink");
                  }}).value();
    EXPECT_TRUE(add_handler<recorder>(m, "a", "a", self()));
    EXPECT_TRUE(sync_notify(m, raised{"throw in a"}));
    EXPECT_EQ(which_handlers(m).value(), texts{});
    const pid logs = start_event_manager().value();
    EXPECT_TRUE(add_handler<recorder>(logs, "a", "a", self()));
    EXPECT_TRUE(sync_notify(logs, raised{"throw in a"}));
    EXPECT_EQ(which_handlers(logs).value(), texts{});
  });
}

TEST_F(event_manager, writes_reports_on_lines_of_their_own_without_control_characters) {
  const std::string text = to_text({pid(), "man\n", "id\x1b", "type", "event", exit_reason::custom("why")});
  EXPECT_EQ(
      text,
      "event manager <0> 'man\\n' removed a handler: why\n  handler  'id\\x1b', type\n  event    event");
}

// -- supervised handlers

TEST_F(event_manager, tells_who_supervises_a_handler_that_it_was_removed) {
  run([] {
    const pid m = started();
    for (const char* id : {"a", "b", "c", "d"})
      EXPECT_TRUE(add_supervised_handler<recorder>(m, id, id, self()));
    EXPECT_TRUE(delete_handler(m, "a"));
    EXPECT_EQ(receive_one<handler_removed>().reason, exit_reason::normal());
    EXPECT_TRUE(sync_notify(m, raised{"throw in b"}));
    const auto failed = receive_one<handler_removed>();
    EXPECT_EQ(failed.id, "b");
    EXPECT_EQ(failed.manager, m);
    EXPECT_EQ(failed.reason.text(), "as told");
    EXPECT_TRUE(swap_handler<modest>(m, "c", "c2"));
    EXPECT_EQ(receive_one<handler_removed>().reason, exit_reason::shutdown("swapped"));
    const monitor_ref ref = monitor(m);
    exit(m, exit_reason::shutdown());
    EXPECT_EQ(receive_one<handler_removed>().reason, exit_reason::shutdown());
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
  });
}

TEST_F(event_manager, removes_a_handler_when_who_supervises_it_ends) {
  run([] {
    const pid m = started({"stays"});
    const monitored adder = spawn_monitor([m, root = self()] {
      EXPECT_TRUE(add_supervised_handler<recorder>(m, "a", "a", root));
      EXPECT_TRUE(add_supervised_handler<recorder>(m, "b", "b", root));
      exit(exit_reason::custom("gone"));
    });
    EXPECT_EQ(reason_of(adder.ref), exit_reason::custom("gone"));
    EXPECT_EQ(next_note(), "a ends: gone");
    EXPECT_EQ(next_note(), "b ends: gone");
    EXPECT_EQ(which_handlers(m).value(), (texts{"stays"}));
  });
}

TEST_F(event_manager, removes_a_handler_whose_supervisor_ended_before_it_was_added) {
  run([] {
    const pid m = started();
    ASSERT_TRUE(suspend(m));
    const monitored adder = spawn_monitor([m, root = self()] {
      static_cast<void>(add_supervised_handler<recorder>(m, "a", "a", root).has_value());
    });
    yield_until([&] { return adder.who.slot()->waits_for.load() == core::wait_kind::call; });
    exit(adder.who, exit_reason::kill());
    reason_of(adder.ref);
    ASSERT_TRUE(resume(m));
    EXPECT_EQ(next_note(), "a ends: noproc");
    EXPECT_EQ(which_handlers(m).value(), texts{});
  });
}

// -- swapping

TEST_F(event_manager, swaps_a_handler_in_place_with_its_state) {
  run([] {
    const pid m = started({"a", "b"});
    notify(m, raised{"1"});
    notify(m, raised{"2"});
    EXPECT_TRUE(swap_handler<recorder>(m, "a", "a2", "a2", self()));
    EXPECT_EQ(which_handlers(m).value(), (texts{"a2", "b"}));
    EXPECT_EQ(call_handler(m, "a2", get_count{}).value(), 2);
    EXPECT_EQ(notes().back(), "a ends: shutdown: swapped");
    EXPECT_TRUE(swap_handler<recorder>(m, "a2", "a2", "a2", self())) << "by one of the same id";
    EXPECT_EQ(call_handler(m, "a2", get_count{}).value(), 2);
  });
}

TEST_F(event_manager, adds_what_was_to_be_swapped_in_for_nobody_and_not_what_fails) {
  run([] {
    const pid m = started({"a", "b"});
    EXPECT_TRUE(swap_handler<recorder>(m, "none", "c", "c", self()));
    EXPECT_EQ(swap_handler<recorder>(m, "a", "x", "fastidious", self()).error().text,
              "std::runtime_error: not from that one");
    EXPECT_EQ(swap_handler<recorder>(m, "b", "c", "c", self()).error().code, EEXIST);
    EXPECT_EQ(which_handlers(m).value(), (texts{"c"})) << "the old ones are gone";
  });
}

// -- the end of the manager

TEST_F(event_manager, ends_by_its_parents_order_with_last_words_in_order) {
  run([] {
    const pid m = started({"a", "bad last words", "c"});
    const monitor_ref ref = monitor(m);
    exit(m, exit_reason::shutdown());
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
    EXPECT_EQ(notes(), (texts{"a ends: shutdown", "bad last words ends: shutdown", "c ends: shutdown"}));
  });
}

TEST_F(event_manager, that_is_killed_leaves_nothing_behind) {
  const auto held = std::make_shared<int>(1);
  run([&held] {
    const pid m = started({"a"});
    EXPECT_TRUE(add_handler<recorder>(m, "h", "h", self(), held));
    EXPECT_TRUE(add_supervised_handler<recorder>(m, "s", "s", self(), held));
    const monitored waiter = spawn_monitor(
        [m] { EXPECT_EQ(call_handler(m, "h", get_late{}, no_timeout).error().text, "killed"); });
    yield_until([&] { return waiter.who.slot()->waits_for.load() == core::wait_kind::call; });
    exit(m, exit_reason::kill());
    EXPECT_EQ(reason_of(waiter.ref), exit_reason::normal());
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(notes(), texts{}) << "nobody speaks";
    EXPECT_FALSE(notify(m, raised{"x"}));
    EXPECT_EQ(sync_notify(m, raised{"x"}).error().text, "noproc");
  });
}

TEST_F(event_manager, can_be_killed_while_a_handler_hangs) {
  run([] {
    const pid m = started({"a"});
    const monitored waiter =
        spawn_monitor([m] { EXPECT_FALSE(call_handler(m, "a", get_stuck{}, no_timeout)); });
    EXPECT_EQ(next_note(), "a stuck");
    const monitor_ref ref = monitor(m);
    exit(m, exit_reason::kill());
    EXPECT_EQ(reason_of(ref), exit_reason::killed());
    reason_of(waiter.ref);
    receive([](const handler_report&) { ADD_FAILURE() << "the handler did not fail"; }, after(0s, [] {}));
  });
}

TEST_F(event_manager, describes_itself) {
  run([] { EXPECT_EQ(describe_state(started({"a", "b"})).value(), "event manager of a b"); });
}

} // namespace
} // namespace perron::runtime
