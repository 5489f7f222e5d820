// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/server.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <cerrno>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct get {
  using reply = int;
};
struct add {
  using reply = int;
  int amount = 0;
};
struct add_later {
  using reply = int;
  int amount = 0;
};
struct clear {
  using reply = void;
};
struct reset {
  int to = 0;
};
struct halt {
  exit_reason why;
};
struct fail {};
struct noted {
  exit_reason why;
};

/// Has a callback of every kind.
struct counter {
  using calls = protocol<get, add, add_later, clear>;
  using casts = protocol<reset, halt, fail>;

  explicit counter(int from, pid last_words_to = {}) : value(from), witness(last_words_to) {}

  int handle_call(get) { return value; }
  int handle_call(const add& a) { return value += a.amount; }
  void handle_call(add_later a, caller from) { waiting.emplace_back(from, a.amount); }
  void handle_call(clear) { value = 0; }
  void handle_cast(const reset& r) { value = r.to; }
  void handle_cast(const halt& h) { throw stop_server{h.why}; }
  void handle_cast(fail) { throw std::runtime_error("counter overrun"); }
  void handle_info(any_message m) {
    if (const std::string* text = m.get_if<std::string>(); text != nullptr && *text == "answer all")
      for (const auto& [from, amount] : waiting)
        reply(from, value += amount);
    else
      ++unknown;
    if (m.get_if<down>() != nullptr)
      ++downs;
  }
  void terminate(const exit_reason& why) { send(witness, noted{why}); }

  int value;
  pid witness;
  std::vector<std::pair<caller, int>> waiting;
  int unknown = 0;
  int downs = 0;
};

struct failing {
  explicit failing(const std::string& text) { throw std::invalid_argument(text); }
};
struct leaving {
  leaving() { exit(exit_reason::custom("not today")); }
};
struct plain {
  using casts = protocol<reset>;
  void handle_cast(reset) {}
};

struct slow {
  using calls = protocol<get>;
  slow() { sleep_for(5ms); }
  int handle_call(get) { return 1; }
};
struct brittle {
  using calls = protocol<get>;
  int handle_call(get) { throw std::out_of_range("nothing here"); }
};
struct watcher {
  using calls = protocol<get>;
  explicit watcher(pid whom) { monitor(whom); }
  int handle_call(get) { return downs; }
  void handle_info(any_message m) { downs += m.get_if<down>() != nullptr ? 1 : 0; }
  int downs = 0;
};
struct holder {
  using calls = protocol<get>;
  explicit holder(std::unique_ptr<int> v) : value(std::move(v)) {}
  int handle_call(get) { return *value; }
  std::unique_ptr<int> value;
};
struct inner {
  using calls = protocol<get>;
  int handle_call(get) { return 9; }
};
struct outer {
  using calls = protocol<get>;
  outer() : next(start_server<inner>({.link = true}).value()) {}
  int handle_call(get) { return call(next, get{}).value(); }
  pid next;
};

struct rude {
  using casts = protocol<halt, fail>;
  explicit rude(pid last_words_to) : witness(last_words_to) {}
  [[noreturn]] void handle_cast(const halt& h) { exit(h.why); }
  [[noreturn]] void handle_cast(fail) { throw 13; }
  void terminate(const exit_reason& why) { send(witness, noted{why}); }
  pid witness;
};
struct throws_at_the_end {
  [[noreturn]] void terminate(const exit_reason&) { throw std::logic_error("from terminate"); }
};
struct throws_in_destructor {
  bad::throw_in_destructor::thrower held;
};

void expect_no_mail() {
  receive([](any_message m) { ADD_FAILURE() << "unexpected: " << m.type().name(); }, after(0s, [] {}));
}

pid started(int from) { return start_server<counter>({}, from, self()).value(); }
exit_reason last_words() { return receive_one<noted>().why; }

class server : public node_fixture {};

TEST_F(server, answers_calls_and_takes_casts) {
  run([] {
    const pid c = started(5);
    EXPECT_EQ(call(c, get{}).value(), 5);
    EXPECT_EQ(call(c, add{3}).value(), 8);
    EXPECT_TRUE(cast(c, reset{100}));
    EXPECT_EQ(call(c, get{}).value(), 100);
    EXPECT_TRUE(call(c, clear{}).has_value());
    EXPECT_EQ(call(c, get{}).value(), 0);
  });
}

TEST_F(server, may_answer_later) {
  run([] {
    const pid c = started(0);
    std::vector<monitored> callers;
    callers.reserve(3);
    for (int i = 0; i < 3; ++i)
      callers.push_back(spawn_monitor([c] { EXPECT_GT(call(c, add_later{1}).value(), 0); }));
    for (const monitored& m : callers)
      yield_until([&] { return m.who.slot()->waits_for.load() == core::wait_kind::call; });
    yield_until([&] { return c.slot()->mail_waiting() == 0; });
    send(c, std::string("answer all"));
    for (const monitored& m : callers)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
    EXPECT_EQ(call(c, get{}).value(), 3);
  });
}

TEST_F(server, is_up_when_start_returns) {
  run([] {
    const pid s = start_server<slow>({.name = "slow"}).value();
    EXPECT_EQ(whereis("slow"), s);
    EXPECT_EQ(call(s, get{}).value(), 1);
  });
}

TEST_F(server, drops_what_it_does_not_know_if_it_has_no_handler_for_it) {
  run([] {
    const pid s = start_server<plain>({}).value();
    for (int i = 0; i < 100; ++i)
      send(s, i);
    yield_until([&] { return s.slot()->mail_waiting() == 0; });
    EXPECT_EQ(call(s, get{}, 2ms).error().code, ETIMEDOUT) << "a call that it does not know as well";
    EXPECT_TRUE(alive(s));
  });
}

TEST_F(server, whose_constructor_throws_is_not_started) {
  run([] {
    const auto got = start_server<failing>({}, std::string("bad config"));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().text, "std::invalid_argument: bad config");
    const auto left = start_server<leaving>({});
    ASSERT_FALSE(left);
    EXPECT_EQ(left.error().text, "not today");
    expect_no_mail();
  });
}

TEST_F(server, that_is_linked_and_does_not_start_is_told_by_the_result_alone) {
  run([] {
    const auto got = start_server<failing>({.link = true}, std::string("bad"));
    EXPECT_FALSE(got);
    yield();
    expect_no_mail();
    trap_exit(true);
    EXPECT_FALSE(start_server<failing>({.link = true}, std::string("bad")));
    yield();
    expect_no_mail();
  });
}

// OTP: the name is free before the failure is acknowledged
TEST_F(server, that_does_not_start_has_left_its_name) {
  run([] {
    for (int i = 0; i < 50; ++i) {
      EXPECT_FALSE(start_server<failing>({.name = "taken"}, std::string("bad")));
      EXPECT_EQ(whereis("taken"), pid());
    }
    EXPECT_TRUE(start_server<plain>({.name = "taken"}));
  });
}

TEST_F(server, ends_by_its_own_will_with_last_words) {
  run([] {
    for (const exit_reason& why :
         {exit_reason::normal(), exit_reason::shutdown(), exit_reason::custom("x")}) {
      const pid c = started(1);
      const monitor_ref ref = monitor(c);
      cast(c, halt{why});
      EXPECT_EQ(last_words(), why);
      EXPECT_EQ(reason_of(ref), why);
    }
  });
}

TEST_F(server, says_last_words_when_a_callback_throws) {
  run([] {
    const pid c = started(1);
    const monitor_ref ref = monitor(c);
    cast(c, fail{});
    EXPECT_EQ(last_words().text(), "counter overrun");
    EXPECT_EQ(reason_of(ref).text(), "counter overrun");
  });
}

TEST_F(server, whose_callback_throws_fails_the_call_it_served) {
  run([] {
    const pid s = start_server<brittle>({}).value();
    EXPECT_EQ(call(s, get{}).error().text, "std::out_of_range: nothing here");
  });
}

TEST_F(server, says_last_words_when_it_is_shut_down) {
  run([] {
    const pid c = started(1);
    const monitor_ref ref = monitor(c);
    exit(c, exit_reason::shutdown());
    EXPECT_EQ(last_words(), exit_reason::shutdown());
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
  });
}

TEST_F(server, says_nothing_when_it_is_killed) {
  run([] {
    const pid c = started(1);
    const monitor_ref ref = monitor(c);
    exit(c, exit_reason::kill());
    EXPECT_EQ(reason_of(ref), exit_reason::killed());
    expect_no_mail();
  });
}

TEST_F(server, may_leave_in_a_callback_by_exit) {
  run([] {
    const pid s = start_server<rude>({}, self()).value();
    const monitor_ref ref = monitor(s);
    cast(s, halt{exit_reason::custom("bye")});
    EXPECT_EQ(last_words(), exit_reason::custom("bye"));
    EXPECT_EQ(reason_of(ref), exit_reason::custom("bye"));
  });
}

TEST_F(server, says_last_words_whatever_a_callback_throws) {
  run([] {
    const pid s = start_server<rude>({}, self()).value();
    const monitor_ref ref = monitor(s);
    cast(s, fail{});
    EXPECT_EQ(last_words().type(), "int");
    EXPECT_EQ(reason_of(ref).type(), "int");
  });
}

TEST_F(server, that_throws_in_its_last_words_ends_with_that) {
  run([] {
    const pid s = start_server<throws_at_the_end>({}).value();
    const monitor_ref ref = monitor(s);
    exit(s, exit_reason::shutdown());
    EXPECT_EQ(reason_of(ref).text(), "from terminate");
  });
}

class server_on_one_worker : public one_worker_fixture {};

TEST_F(server_on_one_worker, that_throws_in_its_destructor_ends_as_terminated) {
  run([] {
    expect_leaks_on_this_thread();
    const pid s = start_server<throws_in_destructor>({}).value();
    const monitor_ref ref = monitor(s);
    exit(s, exit_reason::shutdown());
    EXPECT_EQ(reason_of(ref).what(), exit_reason::kind::terminated);
  });
}

// OTP gen_server: an exit signal from the parent is an order even to a server that traps exits
TEST_F(server, that_traps_exits_still_ends_by_its_parents_order) {
  run([] {
    const pid c = start_server<counter>({.trap_exit = true}, 0, self()).value();
    const monitor_ref ref = monitor(c);
    EXPECT_EQ(reason_of_running([c] { exit(c, exit_reason::custom("from a stranger")); }),
              exit_reason::normal());
    EXPECT_EQ(call(c, get{}).value(), 0) << "a stranger's is mail";
    exit(c, exit_reason::shutdown());
    EXPECT_EQ(last_words(), exit_reason::shutdown());
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
  });
}

TEST_F(server, that_is_linked_ends_with_its_parent) {
  run([] {
    const monitored parent = spawn_monitor([root = self()] {
      send(root, start_server<counter>({.link = true}, 0, root).value());
      receive_one<get>();
      exit(exit_reason::custom("gone"));
    });
    const pid c = receive_one<pid>();
    const monitor_ref ref = monitor(c);
    send(parent.who, get{});
    EXPECT_EQ(reason_of(ref), exit_reason::custom("gone"));
    EXPECT_EQ(last_words(), exit_reason::custom("gone"));
    reason_of(parent.ref);
  });
}

TEST_F(server, gets_downs_and_exits_as_other_mail) {
  run([] {
    const monitored watched = spawn_monitor(bad::hang{});
    const pid s = start_server<watcher>({}, watched.who).value();
    exit(watched.who, exit_reason::kill());
    reason_of(watched.ref);
    yield_until([&] { return call(s, get{}).value() == 1; });
  });
}

TEST_F(server, is_made_of_arguments_that_can_only_be_moved) {
  run([] {
    const pid s = start_server<holder>({}, std::make_unique<int>(6)).value();
    EXPECT_EQ(call(s, get{}).value(), 6);
  });
}

TEST_F(server, may_start_another_in_its_constructor) {
  run([] {
    const pid s = start_server<outer>({}).value();
    EXPECT_EQ(call(s, get{}).value(), 9);
  });
}

} // namespace
} // namespace perron::runtime
