// SPDX-License-Identifier: BSD-3-Clause
//
// The door where there is one node: all of it works, without a parent.
#include "support/node_fixture.hpp"

#include <perron/runtime/message.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/siblings.hpp>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace perron::siblings {
namespace {

using namespace std::chrono_literals;
using runtime::receive;

class one_node : public testing::node_fixture {};

struct ready {};

news next_news() {
  return receive([](news n) { return n; });
}

TEST_F(one_node, is_number_0_of_1) {
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(self(), 0U);
}

TEST_F(one_node, brings_news_to_subscribers_of_the_topic) {
  run([] {
    subscribe("prices");
    EXPECT_TRUE(publish("weather", "rain"));
    EXPECT_TRUE(publish("prices", "1.09"));
    const news n = next_news();
    EXPECT_EQ(n.topic, "prices");
    EXPECT_EQ(*n.bytes, "1.09");
    EXPECT_EQ(n.from, 0U);
    EXPECT_EQ(n.number, 2U);
  });
}

TEST_F(one_node, brings_nothing_after_unsubscribe) {
  run([] {
    EXPECT_FALSE(unsubscribe("prices"));
    subscribe("prices");
    subscribe("end");
    EXPECT_TRUE(unsubscribe("prices"));
    EXPECT_TRUE(publish("prices", "1.09"));
    EXPECT_TRUE(publish("end", ""));
    EXPECT_EQ(next_news().topic, "end");
  });
}

TEST_F(one_node, shares_the_bytes_among_subscribers) {
  run([] {
    const runtime::pid me = runtime::self();
    for (int i = 0; i < 2; ++i)
      runtime::spawn([me] {
        subscribe("t");
        runtime::send(me, ready{});
        runtime::send(me, next_news());
      });
    for (int i = 0; i < 2; ++i)
      receive([](ready) {});
    EXPECT_TRUE(publish("t", std::string(100'000, 'x')));
    const news first = next_news();
    const news second = next_news();
    EXPECT_EQ(first.bytes.get(), second.bytes.get());
    EXPECT_EQ(first.number, second.number);
  });
}

TEST_F(one_node, gives_every_subscriber_the_same_order) {
  run([] {
    constexpr int publishers = 4;
    constexpr int each = 200;
    const runtime::pid me = runtime::self();
    for (int i = 0; i < 3; ++i)
      runtime::spawn([me] {
        subscribe("t");
        runtime::send(me, ready{});
        std::vector<std::string> seen;
        std::uint64_t last = 0;
        for (int k = 0; k < publishers * each; ++k) {
          const news n = next_news();
          EXPECT_GT(n.number, last);
          last = n.number;
          seen.push_back(*n.bytes);
        }
        runtime::send(me, std::move(seen));
      });
    for (int i = 0; i < 3; ++i)
      receive([](ready) {});
    for (int p = 0; p < publishers; ++p)
      runtime::spawn([p] {
        for (int k = 0; k < each; ++k)
          EXPECT_TRUE(publish("t", std::to_string(p) + '/' + std::to_string(k)));
      });
    const auto next = [] { return receive([](std::vector<std::string> seen) { return seen; }); };
    const auto first = next();
    EXPECT_EQ(next(), first);
    EXPECT_EQ(next(), first);
  });
}

TEST_F(one_node, lets_publishers_wait_where_too_much_is_on_its_way) {
  run([] {
    subscribe("t");
    for (int i = 0; i < 100; ++i)
      EXPECT_TRUE(publish("t", std::string(1U << 20U, 'x')));
    for (std::uint64_t i = 1; i <= 100; ++i)
      EXPECT_EQ(next_news().number, i);
  });
}

TEST_F(one_node, refuses_what_is_too_long) {
  run([] {
    const auto refused = publish("t", std::string((16U << 20U) + 1, 'x'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EMSGSIZE);
    const auto said = ask(0, "t", std::string((16U << 20U) + 1, 'x'), 1s);
    ASSERT_FALSE(said);
    EXPECT_EQ(said.error().code, EMSGSIZE);
  });
}

TEST_F(one_node, can_be_published_to_by_threads) {
  const runtime::pid listener = node().spawn([] {
    subscribe("t");
    receive([](runtime::pid who) { runtime::send(who, ready{}); });
    const news n = next_news();
    receive([&](runtime::pid who) { runtime::send(who, *n.bytes); });
  });
  run([listener] {
    runtime::send(listener, runtime::self());
    receive([](ready) {});
  });
  std::thread([] { EXPECT_TRUE(publish("t", "by a thread")); }).join();
  run([listener] {
    runtime::send(listener, runtime::self());
    EXPECT_EQ(receive([](std::string s) { return s; }), "by a thread");
  });
}

TEST_F(one_node, answers_itself) {
  answer("double", [](std::string_view q) { return std::string(q) + std::string(q); });
  run([] {
    EXPECT_EQ(ask(0, "double", "ab", 5s).value(), "abab");
    const std::vector<reply> all = ask_all("double", "x", 5s);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].node, 0U);
    EXPECT_EQ(all[0].bytes.value(), "xx");
  });
  answer("double", {});
  run([] { EXPECT_EQ(ask(0, "double", "ab", 5s).error().code, ENOENT); });
}

TEST_F(one_node, has_no_other) {
  run([] { EXPECT_EQ(ask(1, "t", "", 5s).error().code, ENXIO); });
}

TEST_F(one_node, tells_what_an_answer_has_thrown) {
  answer("bad", [](std::string_view) -> std::string { throw std::runtime_error("does not know"); });
  run([] {
    const auto said = ask(0, "bad", "", 5s);
    ASSERT_FALSE(said);
    EXPECT_EQ(said.error().code, 0);
    EXPECT_NE(said.error().text.find("does not know"), std::string::npos) << said.error().text;
  });
  answer("bad", {});
}

TEST_F(one_node, ends_an_answer_whose_time_is_over) {
  run([] {
    const runtime::pid asker = runtime::self();
    answer("slow", [asker](std::string_view) -> std::string {
      runtime::send(asker, runtime::self());
      receive([](ready) {}); // does not come
      return "late";
    });
    EXPECT_EQ(ask(0, "slow", "", 1ms).error().code, ETIMEDOUT);
    // with no time at all it may not even have begun
    receive([](runtime::pid who) { testing::reason_of(runtime::monitor(who)); }, runtime::after(0s, [] {}));
    answer("slow", {});
  });
}

TEST_F(one_node, answers_several_at_once) {
  answer("wait", [](std::string_view q) {
    if (q == "first") {
      runtime::register_name("first");
      receive([](ready) {});
    } else {
      runtime::send("first", ready{});
    }
    return std::string(q);
  });
  run([] {
    const runtime::pid me = runtime::self();
    runtime::spawn([me] { runtime::send(me, ask(0, "wait", "first", 30s).value()); });
    testing::yield_until([] { return bool(runtime::whereis("first")); });
    EXPECT_EQ(ask(0, "wait", "second", 30s).value(), "second");
    EXPECT_EQ(receive([](std::string s) { return s; }), "first");
  });
  answer("wait", {});
}

TEST_F(one_node, sees_itself_come_up) {
  run([] {
    watch();
    receive([](node_change c) {
      EXPECT_EQ(c.node, 0U);
      EXPECT_TRUE(c.up);
    });
  });
}

TEST_F(one_node, announces_at_once) {
  ::testing::internal::CaptureStdout();
  run([] {
    announce("here");
    announce("and here");
  });
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "here\n");
}

} // namespace
} // namespace perron::siblings
