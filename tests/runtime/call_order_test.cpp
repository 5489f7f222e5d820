// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/call.hpp>

#include "support/node_fixture.hpp"

#include <string>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct question {
  using reply = int;
  pid witness;
};
struct ran {
  std::string who;
};
struct enough {};

/// Answers for ever, and tells the witness of each time.
void answer_questions() {
  for (;;)
    receive([](const caller& from, const question& q) {
      send(q.witness, ran{"server"});
      reply(from, 1);
    });
}

class call_order : public one_worker_fixture {};

TEST_F(call_order, who_is_called_and_then_the_caller_go_before_those_who_queue) {
  run([] {
    const pid me = self();
    const monitored server = spawn_monitor(answer_questions);
    ASSERT_TRUE(call(server.who, question{me})); // from now on it waits for questions
    receive([](const ran&) {});
    spawn([=] {
      for (const char* name : {"first", "second"})
        spawn([=] { send(me, ran{name}); });
      static_cast<void>(call(server.who, question{me}));
      send(me, ran{"caller"});
    });
    std::vector<std::string> order;
    while (order.size() < 4)
      receive([&](const ran& r) { order.push_back(r.who); });
    EXPECT_EQ(order, (std::vector<std::string>{"server", "caller", "first", "second"}));
    exit(server.who, exit_reason::kill());
    receive([&](const down& d) { EXPECT_EQ(d.ref, server.ref); });
  });
}

TEST_F(call_order, two_who_call_for_ever_do_not_keep_others_from_running) {
  run([] {
    const pid me = self();
    const monitored server = spawn_monitor(answer_questions);
    bool goes_on = true;
    spawn([=] { send(me, enough{}); });
    while (goes_on) {
      ASSERT_TRUE(call(server.who, question{me}));
      receive([](const ran&) {});
      receive([&](enough) { goes_on = false; }, after(0s, [] {}));
    }
    exit(server.who, exit_reason::kill());
    receive([&](const down& d) { EXPECT_EQ(d.ref, server.ref); });
  });
}

} // namespace
} // namespace perron::runtime
