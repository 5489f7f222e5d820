// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/server.hpp>

#include "support/node_fixture.hpp"

#include <perron/runtime/inspect.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct get {
  using reply = std::vector<std::string>;
};
struct note {
  std::string text;
};
struct halt {};
struct load {
  int steps = 0;
};
struct save {};
struct tick {
  pid from;
};

/// Loads in steps after its constructor has returned, and saves after each note.
struct stepwise {
  using calls = protocol<get>;
  using casts = protocol<note>;
  std::optional<std::variant<load, save>> continue_with{load{3}};
  std::vector<std::string> seen{"made"};

  explicit stepwise(pid starter) { send(starter, self()); }
  std::vector<std::string> handle_call(get) { return seen; }
  void handle_cast(note n) {
    seen.push_back(std::move(n.text));
    continue_with = save{};
  }
  void handle_continue(const std::variant<load, save>& what) {
    if (const auto* l = std::get_if<load>(&what)) {
      seen.push_back("load " + std::to_string(l->steps));
      if (l->steps > 1)
        continue_with = load{l->steps - 1};
    } else {
      seen.emplace_back("save");
    }
  }
};
struct fails_to_go_on {
  std::optional<load> continue_with{load{}};
  pid witness;
  explicit fails_to_go_on(pid who) : witness(who) {}
  [[noreturn]] void handle_continue(load) { throw std::runtime_error("no such file"); }
  void terminate(const exit_reason& why) { send(witness, why); }
};
struct ticking {
  using casts = protocol<note>;
  std::chrono::nanoseconds idle_timeout;
  pid witness;
  ticking(std::chrono::nanoseconds every, pid who) : idle_timeout(every), witness(who) {}
  void handle_cast(const note& n) { idle_timeout = n.text == "stop" ? no_timeout : 1ms; }
  void handle_timeout() { send(witness, tick{self()}); }
};
struct once {
  std::chrono::nanoseconds idle_timeout{0};
  pid witness;
  explicit once(pid who) : witness(who) {}
  void handle_timeout() {
    idle_timeout = no_timeout;
    send(witness, tick{self()});
  }
};
struct ends_when_idle {
  static constexpr std::chrono::milliseconds idle_timeout{1};
  static void handle_timeout() { throw stop_server{exit_reason::shutdown("idle")}; }
};

struct bear {
  using calls = protocol<get>;
  using casts = protocol<note, halt>;
  static constexpr std::chrono::nanoseconds hibernate_after{1ms};
  std::vector<std::string> seen;
  pid witness;
  explicit bear(pid who = {}) : witness(who) {}
  bear(const bear&) = delete;
  bear& operator=(const bear&) = delete;
  ~bear() { send(witness, std::string("destroyed")); }
  std::vector<std::string> handle_call(get) { return seen; }
  void handle_cast(note n) { seen.push_back(std::move(n.text)); }
  [[noreturn]] void handle_cast(halt) { throw stop_server{}; }
  void terminate(const exit_reason& why) { send(witness, why); }
};
struct both : bear {
  std::chrono::nanoseconds idle_timeout = no_timeout;
  using bear::bear;
  using bear::handle_cast;
  void handle_cast(note n) {
    seen.push_back(n.text);
    idle_timeout = n.text == "tick" ? std::chrono::nanoseconds(1ms) : no_timeout;
  }
  void handle_timeout() { send(witness, tick{self()}); }
};

bool hibernates(pid who) {
  return who.slot()->state.load() == core::process_state::hibernating && who.slot()->door.is_parked();
}
using texts = std::vector<std::string>;

class server_idle : public node_fixture {};

// OTP: handle_continue runs before any message is taken
TEST_F(server_idle, continues_before_it_takes_a_message) {
  run([] {
    const monitored starter =
        spawn_monitor([root = self()] { send(root, start_server<stepwise>({}, root).value()); });
    const auto s = receive_one<pid>(); // it is still in its constructor, or has just left it
    cast(s, note{"a"});
    cast(s, note{"b"});
    EXPECT_EQ(call(s, get{}).value(),
              (texts{"made", "load 3", "load 2", "load 1", "a", "save", "b", "save"}));
    EXPECT_EQ(receive_one<pid>(), s);
    reason_of(starter.ref);
  });
}

TEST_F(server_idle, ends_when_it_cannot_continue_but_was_started) {
  run([] {
    const pid s = start_server<fails_to_go_on>({}, self()).value();
    const monitor_ref ref = monitor(s);
    EXPECT_EQ(receive_one<exit_reason>().text(), "no such file");
    const exit_reason why = reason_of(ref);
    EXPECT_TRUE(why.text() == "no such file" || why == exit_reason::noproc());
  });
}

TEST_F(server_idle, is_told_again_and_again_that_nothing_comes) {
  run([] {
    const pid s = start_server<ticking>({}, 1ms, self()).value();
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(receive_one<tick>().from, s);
  });
}

TEST_F(server_idle, is_not_told_while_its_time_is_without_limit) {
  run([] {
    const pid s = start_server<ticking>({}, no_timeout, self()).value();
    yield_until([&] { return s.slot()->waits_for.load() == core::wait_kind::receive; });
    EXPECT_EQ(s.slot()->wait_timer, nullptr);
    cast(s, note{"go"});
    receive_one<tick>();
    cast(s, note{"stop"});
    yield_until([&] { return s.slot()->mail_waiting() == 0; });
  });
}

// OTP: timeout 0 is at once if no message waits
TEST_F(server_idle, with_no_time_at_all_is_told_at_once_and_only_as_long_as_it_wants) {
  run([] {
    const pid s = start_server<once>({}, self()).value();
    EXPECT_EQ(receive_one<tick>().from, s);
    yield_until([&] { return s.slot()->waits_for.load() == core::wait_kind::receive; });
    receive([](tick) { ADD_FAILURE() << "told twice"; }, after(0s, [] {}));
  });
}

TEST_F(server_idle, may_end_then) {
  run([] {
    const pid s = start_server<ends_when_idle>({}).value();
    const exit_reason why = reason_of(monitor(s));
    EXPECT_TRUE(why == exit_reason::shutdown("idle") || why == exit_reason::noproc());
  });
}

// OTP: hibernate_after
TEST_F(server_idle, hibernates_and_keeps_its_object) {
  run([] {
    const pid s = start_server<bear>({.name = "bear"}).value();
    for (int i = 1; i <= 5; ++i) {
      cast(s, note{"n"});
      yield_until([&] {
        const auto seen = info(s);
        return seen && seen->complete && seen->state == process_state::hibernating && seen->stack_bytes == 0;
      });
      EXPECT_EQ(call(whereis("bear"), get{}).value().size(), static_cast<std::size_t>(i));
    }
  });
}

TEST_F(server_idle, that_hibernates_destroys_its_object_once_when_it_ends) {
  run([] {
    const pid s = start_server<bear>({}, self()).value();
    yield_until([&] { return hibernates(s); });
    const monitor_ref ref = monitor(s);
    cast(s, halt{});
    EXPECT_EQ(receive_one<exit_reason>(), exit_reason::normal());
    EXPECT_EQ(reason_of(ref), exit_reason::normal());
    receive_one<std::string>();
    receive([](const std::string&) { ADD_FAILURE() << "destroyed twice"; }, after(0s, [] {}));
  });
}

TEST_F(server_idle, that_hibernates_is_ended_by_its_parent_and_by_kill) {
  run([] {
    for (const exit_reason& order : {exit_reason::shutdown(), exit_reason::kill()}) {
      const pid s = start_server<bear>({.trap_exit = true}, self()).value();
      yield_until([&] { return hibernates(s); });
      const monitor_ref ref = monitor(s);
      exit(s, order);
      EXPECT_EQ(reason_of(ref), order == exit_reason::kill() ? exit_reason::killed() : order);
      receive_one<std::string>();
    }
    EXPECT_EQ(receive_one<exit_reason>(), exit_reason::shutdown()) << "and kill lets it say nothing";
    receive([](const exit_reason&) { ADD_FAILURE() << "last words of the killed"; }, after(0s, [] {}));
  });
}

TEST_F(server_idle, does_not_hibernate_while_it_has_an_idle_timeout) {
  run([] {
    const pid s = start_server<both>({}, self()).value();
    yield_until([&] { return hibernates(s); });
    cast(s, note{"tick"});
    for (int i = 0; i < 3; ++i) {
      receive_one<tick>();
      EXPECT_FALSE(hibernates(s));
    }
    cast(s, note{"enough"});
    yield_until([&] { return hibernates(s); });
  });
}

} // namespace
} // namespace perron::runtime
