// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/request.hpp>

#include <perron/runtime/server.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct twice {
  using reply = int;
  int value = 0;
};
struct held_back {
  using reply = std::shared_ptr<int>;
  std::shared_ptr<int> value;
};
struct release {};
struct fail {};

struct doubler {
  using calls = protocol<twice, held_back>;
  using casts = protocol<release, fail>;
  std::vector<std::pair<caller, std::shared_ptr<int>>> waiting;

  int handle_call(twice t) { return 2 * t.value; }
  void handle_call(held_back h, caller from) { waiting.emplace_back(from, std::move(h.value)); }
  void handle_cast(release) {
    while (!waiting.empty()) { // the last one first
      reply(waiting.back().first, std::move(waiting.back().second));
      waiting.pop_back();
    }
  }
  [[noreturn]] void handle_cast(fail) { exit(exit_reason::custom("failed")); }
};

pid started() { return start_server<doubler>({}).value(); }

class process_request : public node_fixture {};

TEST_F(process_request, many_are_under_way_at_once_and_answered_in_any_order) {
  run([] {
    const pid s = started();
    std::vector<request_ref<std::shared_ptr<int>>> sent;
    sent.reserve(100);
    for (int i = 0; i < 100; ++i)
      sent.push_back(send_request(s, held_back{std::make_shared<int>(i)}));
    EXPECT_EQ(call(s, twice{4}).value(), 8) << "a call in between";
    EXPECT_FALSE(wait_response(sent[7], 0s)) << "not answered yet";
    cast(s, release{});
    for (int i = 0; i < 100; ++i) {
      auto& each = sent[static_cast<std::size_t>(i)];
      EXPECT_TRUE(each);
      EXPECT_EQ(*receive_response(std::move(each)).value(), i);
    }
  });
}

TEST_F(process_request, goes_to_many_servers_and_the_first_answer_is_found) {
  run([] {
    std::vector<pid> servers;
    std::vector<request_ref<std::shared_ptr<int>>> sent;
    for (int i = 0; i < 5; ++i) {
      servers.push_back(started());
      sent.push_back(send_request(servers.back(), held_back{std::make_shared<int>(i)}));
    }
    EXPECT_EQ(wait_for_any(sent, 0s), std::nullopt);
    for (const int next : {3, 0, 4}) {
      const auto at = static_cast<std::size_t>(next);
      cast(servers[at], release{});
      EXPECT_EQ(wait_for_any(sent), at);
      EXPECT_EQ(*receive_response(std::move(sent[at])).value(), next);
    }
  });
}

TEST_F(process_request, has_nothing_to_wait_for_if_none_is_open) {
  run([] {
    std::vector<request_ref<int>> sent;
    EXPECT_EQ(wait_for_any(sent, no_timeout), std::nullopt);
    sent.push_back(send_request(started(), twice{1}));
    EXPECT_EQ(wait_response(sent[0], no_timeout).value().value(), 2);
    EXPECT_FALSE(sent[0]);
    EXPECT_EQ(wait_for_any(sent, no_timeout), std::nullopt);
    EXPECT_EQ(receive_response(std::move(sent[0]), 0s).error().code, EINVAL) << "an answer is taken once";
  });
}

TEST_F(process_request, that_failed_says_so_with_the_answer) {
  run([] {
    const monitored dead = spawn_monitor([] {});
    reason_of(dead.ref);
    auto none = send_request(dead.who, twice{1});
    EXPECT_EQ(wait_response(none, 0s).value().error().text, "noproc");

    auto mine = send_request(self(), twice{1});
    EXPECT_EQ(receive_response(std::move(mine)).error().code, EDEADLK);

    const pid s = started();
    auto lost = send_request(s, held_back{});
    cast(s, fail{});
    const auto why = receive_response(std::move(lost));
    EXPECT_EQ(why.error().text, "failed");
    EXPECT_EQ(why.error().code, ESRCH);

    const monitored full = spawn_monitor({.mailbox_bound = 1}, bad::hang{});
    send(full.who, 1);
    EXPECT_EQ(receive_response(send_request(full.who, twice{1})).error().code, EAGAIN);
    exit(full.who, exit_reason::kill());
    reason_of(full.ref);
  });
}

TEST_F(process_request, answered_with_another_type_is_an_error) {
  run([] {
    auto sent = send_request<std::string>(started(), twice{1});
    EXPECT_EQ(receive_response(std::move(sent)).error().code, EPROTO);
  });
}

// otp-semantics 5.10: late replies vanish
TEST_F(process_request, that_was_given_up_leaves_nothing_behind) {
  run([] {
    const pid s = started();
    const auto value = std::make_shared<int>(1);
    EXPECT_EQ(receive_response(send_request(s, held_back{value}), 1ms).error().code, ETIMEDOUT);
    { const auto dropped = send_request(s, held_back{value}); }
    auto replaced = send_request(s, held_back{value});
    replaced = send_request(s, held_back{value});
    cast(s, release{});
    EXPECT_EQ(receive_response(std::move(replaced)).value(), value);
    EXPECT_EQ(call(s, twice{1}).value(), 2);
    EXPECT_EQ(value.use_count(), 1) << "the late answers";
    receive([](any_message m) { ADD_FAILURE() << m.type().name(); }, after(0s, [] {}));
  });
}

TEST_F(process_request, whose_answer_was_not_taken_is_dropped_with_the_process) {
  const auto value = std::make_shared<int>(1);
  run([&value] {
    const pid s = started();
    EXPECT_EQ(reason_of_running([s, value] {
                auto sent = send_request(s, held_back{value});
                cast(s, release{});
                EXPECT_EQ(call(s, twice{1}).value(), 2); // so the answer is here
                exit(exit_reason::custom("gone"));
              }),
              exit_reason::custom("gone"));
  });
  stop();
  EXPECT_EQ(value.use_count(), 1);
}

TEST_F(process_request, ends_with_the_process_that_waits) {
  run([] {
    const pid s = started();
    const monitored waiter = spawn_monitor([s] {
      auto sent = send_request(s, held_back{});
      receive_response(std::move(sent), no_timeout).value();
    });
    yield_until([&] { return waiter.who.slot()->waits_for.load() == core::wait_kind::call; });
    exit(waiter.who, exit_reason::shutdown());
    EXPECT_EQ(reason_of(waiter.ref), exit_reason::shutdown());
    cast(s, release{});
    EXPECT_EQ(call(s, twice{1}).value(), 2);
  });
}

} // namespace
} // namespace perron::runtime
