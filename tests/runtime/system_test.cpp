// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/system.hpp>

#include <perron/runtime/server.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <cerrno>
#include <memory>
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
  int amount = 0;
};

struct tally {
  using calls = protocol<get>;
  using casts = protocol<add>;
  int value = 0;
  int handle_call(get) { return value; }
  void handle_cast(const add& a) { value += a.amount; }
  friend std::string to_string(const tally& t) { return "tally of " + std::to_string(t.value); }
};
struct vault {
  using calls = protocol<get>;
  std::unique_ptr<int> value = std::make_unique<int>(3);
  std::vector<std::unique_ptr<int>> more{}; // looks as if it could be copied
  int handle_call(get) { return *value; }
};
struct shy {
  using calls = protocol<get>;
  int handle_call(get) { return 1; }
  shy() = default;
  shy(const shy&) { throw std::runtime_error("do not copy me"); }
  friend std::string to_string(const shy&) { throw std::runtime_error("do not look"); }
};

class system_request : public node_fixture {};

// OTP sys:suspend/1: other messages wait
TEST_F(system_request, suspends_until_resumed_and_loses_nothing) {
  run([] {
    const pid s = start_server<tally>({}).value();
    EXPECT_TRUE(suspend(s));
    EXPECT_TRUE(suspend(s)) << "twice is once";
    for (int i = 0; i < 10; ++i)
      cast(s, add{1});
    EXPECT_EQ(get_state<tally>(s).value().value, 0);
    EXPECT_EQ(call(s, get{}, 1ms).error().code, ETIMEDOUT);
    EXPECT_TRUE(resume(s));
    EXPECT_EQ(call(s, get{}).value(), 10);
    EXPECT_TRUE(resume(s)) << "resuming what runs does nothing";
  });
}

TEST_F(system_request, lets_a_suspended_server_end_by_its_parents_order) {
  run([] {
    const pid s = start_server<tally>({.trap_exit = true}).value();
    const monitor_ref ref = monitor(s);
    EXPECT_TRUE(suspend(s));
    exit(s, exit_reason::shutdown());
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
  });
}

TEST_F(system_request, copies_and_describes_the_state) {
  run([] {
    const pid s = start_server<tally>({}).value();
    cast(s, add{4});
    EXPECT_EQ(get_state<tally>(s).value().value, 4);
    EXPECT_EQ(describe_state(s).value(), "tally of 4");
    EXPECT_EQ(get_state<shy>(s).error().code, EPROTO) << "of another class";
  });
}

TEST_F(system_request, tells_the_type_of_a_state_that_has_no_text_and_cannot_be_copied) {
  run([] {
    const pid s = start_server<vault>({}).value();
    EXPECT_NE(describe_state(s).value().find("vault"), std::string::npos);
    EXPECT_EQ(get_state<tally>(s).error().code, EPROTO);
  });
}

TEST_F(system_request, fails_who_looks_and_not_the_server_if_looking_throws) {
  run([] {
    const pid s = start_server<shy>({}).value();
    EXPECT_FALSE(get_state<shy>(s));
    EXPECT_EQ(describe_state(s).value_or("not told"), "not told");
    EXPECT_EQ(call(s, get{}).value(), 1);
  });
}

TEST_F(system_request, replaces_the_state) {
  run([] {
    const pid s = start_server<tally>({}).value();
    cast(s, add{4});
    ASSERT_TRUE(suspend(s));
    auto state = get_state<tally>(s).value();
    state.value *= 10;
    EXPECT_TRUE(replace_state(s, state));
    ASSERT_TRUE(resume(s));
    EXPECT_EQ(call(s, get{}).value(), 40);
    EXPECT_EQ(replace_state(s, vault{}).error().code, EPROTO);
    EXPECT_EQ(call(s, get{}).value(), 40);

    const pid v = start_server<vault>({}).value();
    EXPECT_TRUE(replace_state(v, vault{.value = std::make_unique<int>(9)})) << "a move will do";
    EXPECT_EQ(call(v, get{}).value(), 9);
  });
}

TEST_F(system_request, is_not_answered_by_a_process_that_is_no_behaviour) {
  run([] {
    const monitored m = spawn_monitor(bad::hang{});
    EXPECT_EQ(suspend(m.who, 1ms).error().code, ETIMEDOUT);
    exit(m.who, exit_reason::kill());
    reason_of(m.ref);
    EXPECT_EQ(suspend(m.who).error().text, "noproc");
  });
}

} // namespace
} // namespace perron::runtime
