// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/receive.hpp>

#include "support/node_fixture.hpp"

#include <deque>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

template <int>
struct kind {
  int value = 0;
};
using red = kind<0>;
using green = kind<1>;
using blue = kind<2>;

void expect_no_mail() {
  receive([](any_message m) { ADD_FAILURE() << "unexpected: " << m.type().name(); }, after(0s, [] {}));
}

class receive_clauses : public node_fixture {};

TEST_F(receive_clauses, take_messages_in_the_order_of_arrival) {
  run([] {
    for (int i = 0; i < 100; ++i)
      send(self(), red{i});
    for (int i = 0; i < 100; ++i)
      EXPECT_EQ(receive_one<red>().value, i);
  });
}

TEST_F(receive_clauses, are_tried_in_order_for_each_message) {
  run([] {
    send(self(), red{5});
    const char* taken = receive(when([](const red& r) { return r.value > 5; }, [](red) { return "above"; }),
                                when([](const red& r) { return r.value >= 5; }, [](red) { return "first"; }),
                                [](red) { return "second"; });
    EXPECT_STREQ(taken, "first");
  });
}

TEST_F(receive_clauses, are_all_tried_for_the_older_message_first) {
  run([] {
    send(self(), green{1});
    send(self(), red{2});
    const int got = receive([](red r) { return r.value; }, [](green g) { return g.value; });
    EXPECT_EQ(got, 1) << "the older message counts, not the first clause";
    receive_one<red>();
  });
}

TEST_F(receive_clauses, leave_what_none_takes_in_order) {
  run([] {
    for (int i = 0; i < 10; ++i) {
      send(self(), red{i});
      send(self(), green{i});
    }
    for (int i = 0; i < 10; ++i)
      EXPECT_EQ(receive_one<green>().value, i);
    for (int i = 0; i < 10; ++i)
      EXPECT_EQ(receive_one<red>().value, i);
    expect_no_mail();
  });
}

TEST_F(receive_clauses, take_the_message_by_value_and_every_kind_of_reference) {
  run([] {
    using held = std::unique_ptr<int>;
    for (int i = 0; i < 4; ++i)
      send(self(), std::make_unique<int>(i));
    receive([](held h) { EXPECT_EQ(*h, 0); });
    receive([](held&& h) { EXPECT_EQ(*held(std::move(h)), 1); });
    receive([](const held& h) { EXPECT_EQ(*h, 2); });
    receive([](held& h) { EXPECT_EQ(*h, 3); });
  });
}

TEST_F(receive_clauses, may_be_functions_and_mutable_lambdas_and_lvalues) {
  run([] {
    struct plain {
      static int twice(red r) { return 2 * r.value; }
    };
    send(self(), red{4});
    EXPECT_EQ(receive(&plain::twice), 8);
    int calls = 0;
    auto counting = [calls](red) mutable { return ++calls; };
    send(self(), red{});
    EXPECT_EQ(receive(counting), 1);
    send(self(), red{});
    EXPECT_EQ(receive(counting), 2);
    const auto constant = [](red) noexcept { return 9; };
    send(self(), red{});
    EXPECT_EQ(receive(constant), 9);
  });
}

TEST_F(receive_clauses, give_a_common_type) {
  run([] {
    send(self(), red{});
    const auto first = receive([](red) { return 1; }, [](green) { return 2.5; });
    static_assert(std::is_same_v<decltype(first), const double>);
    EXPECT_EQ(first, 1.0);
    send(self(), red{7});
    red kept;
    int& alias = receive([&](red r) -> int& {
      kept = r;
      return kept.value;
    });
    EXPECT_EQ(&alias, &kept.value);
  });
}

TEST_F(receive_clauses, with_a_guard_see_values_and_pass_others_over) {
  run([] {
    for (int i = 0; i < 5; ++i)
      send(self(), red{i});
    for (const int wanted : {3, 0, 4, 2, 1})
      EXPECT_EQ(receive(when([=](const red& r) { return r.value == wanted; }, [](red r) { return r.value; })),
                wanted);
  });
}

TEST_F(receive_clauses, for_any_message_take_everything_and_tell_the_type) {
  run([] {
    send(self(), red{3});
    send(self(), std::string("text"));
    receive([](any_message m) {
      EXPECT_EQ(m.type(), typeid(red));
      EXPECT_EQ(m.get_if<green>(), nullptr);
      ASSERT_NE(m.get_if<red>(), nullptr);
      EXPECT_EQ(m.get_if<red>()->value, 3);
      EXPECT_FALSE(m.is_call());
    });
    receive([](red) { ADD_FAILURE(); }, [](any_message m) { EXPECT_EQ(*m.get_if<std::string>(), "text"); });
  });
}

TEST_F(receive_clauses, may_send_a_message_on_unopened) {
  run([] {
    const pid parent = self();
    const pid relay =
        spawn([parent] { receive([&](any_message m) { EXPECT_TRUE(std::move(m).forward(parent)); }); });
    send(relay, std::make_unique<int>(11));
    EXPECT_EQ(*receive_one<std::unique_ptr<int>>(), 11);
  });
}

TEST_F(receive_clauses, distinguish_types_that_look_alike) {
  struct a {
    int value;
  };
  struct b {
    int value;
  };
  run([] {
    send(self(), a{1});
    send(self(), b{2});
    EXPECT_EQ(receive_one<b>().value, 2);
    EXPECT_EQ(receive_one<a>().value, 1);
  });
}

TEST_F(receive_clauses, may_receive_again_inside) {
  run([] {
    send(self(), red{1});
    send(self(), blue{2});
    send(self(), red{3});
    send(self(), green{4});
    const int sum = receive([](red outer) {
      return outer.value + receive([](green g) { return 10 * g.value + 100 * receive_one<red>().value; });
    });
    EXPECT_EQ(sum, 1 + 40 + 300);
    EXPECT_EQ(receive_one<blue>().value, 2);
  });
}

TEST_F(receive_clauses, that_throw_have_taken_their_message) {
  run([] {
    send(self(), red{1});
    send(self(), red{2});
    EXPECT_THROW(receive([](red) { throw std::logic_error("no"); }), std::logic_error);
    EXPECT_EQ(receive_one<red>().value, 2);
    send(self(), green{});
    EXPECT_THROW(receive(when([](const green&) -> bool { throw 1; }, [](green) {})), int);
    receive_one<green>(); // a guard that throws has taken nothing
    expect_no_mail();
  });
}

TEST_F(receive_clauses, that_throw_with_a_message_in_hand_destroy_it) {
  run([] {
    const auto held = std::make_shared<int>(1);
    send(self(), held);
    EXPECT_THROW(receive([](const std::shared_ptr<int>&) { throw 1; }), int);
    EXPECT_EQ(held.use_count(), 1);
    send(self(), held);
    EXPECT_THROW(receive([](any_message) { throw 1; }), int);
    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST_F(receive_clauses, wait_for_what_is_not_there_yet) {
  run([] {
    const pid parent = self();
    send(self(), green{1});
    spawn([parent] {
      for (int i = 0; i < 50; ++i) {
        send(parent, green{});
        yield();
      }
      send(parent, red{7});
    });
    EXPECT_EQ(receive_one<red>().value, 7);
    for (int i = 0; i < 51; ++i)
      receive_one<green>();
    expect_no_mail();
  });
}

class receive_timeout : public node_fixture {};

TEST_F(receive_timeout, of_zero_looks_once) {
  run([] {
    const auto look = [] { return receive([](red r) { return r.value; }, after(0s, [] { return -1; })); };
    EXPECT_EQ(look(), -1);
    send(self(), red{4});
    EXPECT_EQ(look(), 4);
    EXPECT_EQ(look(), -1);
  });
}

TEST_F(receive_timeout, of_less_than_zero_is_zero) {
  run([] { EXPECT_EQ(receive([](red) { return 0; }, after(-5s, [] { return 1; })), 1); });
}

TEST_F(receive_timeout, comes_when_nothing_matches_and_not_before_its_time) {
  run([] {
    using clock = std::chrono::steady_clock;
    send(self(), green{});
    const auto start = clock::now();
    receive([](red) { ADD_FAILURE(); }, after(3ms, [] {}));
    EXPECT_GE(clock::now() - start, 3ms);
    receive_one<green>();
  });
}

TEST_F(receive_timeout, is_not_extended_by_mail_that_does_not_match) {
  run([] {
    const pid parent = self();
    const monitored chatty = spawn_monitor([parent] {
      for (;;) {
        send(parent, green{});
        receive([](blue) { exit(exit_reason::normal()); }, after(1ms, [] {}));
      }
    });
    receive([](red) { ADD_FAILURE(); }, after(20ms, [] {}));
    send(chatty.who, blue{});
    reason_of(chatty.ref);
  });
}

TEST_F(receive_timeout, does_not_come_when_a_message_did) {
  run([] {
    for (int i = 0; i < 100; ++i) {
      const pid parent = self();
      spawn([parent] { send(parent, red{}); });
      receive([](red) {}, after(1h, [] { ADD_FAILURE(); }));
    }
    EXPECT_EQ(current_node_stats().processes >= 1, true);
  });
}

TEST_F(receive_timeout, of_one_receive_never_ends_another) {
  run([] {
    // the timer of the first goes off while the second waits
    for (int i = 0; i < 20; ++i) {
      send(self(), red{});
      receive([](red) {}, after(1ms, [] { ADD_FAILURE(); }));
      const pid parent = self();
      spawn([parent] {
        sleep_for(3ms);
        send(parent, green{});
      });
      receive([](green) {}, after(1h, [] { ADD_FAILURE() << "by the timer of an earlier receive"; }));
    }
  });
}

TEST_F(receive_timeout, races_with_a_message_that_is_then_not_lost) {
  run([] {
    int early = 0;
    for (std::size_t i = 0; i < scaled(300, 100); ++i) {
      const pid parent = self();
      spawn([parent] {
        sleep_for(1ms);
        send(parent, red{});
      });
      receive([&](red) { ++early; }, after(1ms, [] { receive_one<red>(); }));
    }
    EXPECT_GE(early, 0);
    expect_no_mail();
  });
}

TEST_F(receive_timeout, leaves_no_timer_behind) {
  run([] {
    for (int i = 0; i < 1000; ++i) {
      const pid parent = self();
      spawn([parent] { send(parent, red{}); });
      receive([](red) {}, after(1h, [] {}));
    }
    yield_until([] { return current_node_stats().timers == 0; });
  });
}

class receive_place : public node_fixture {};

TEST_F(receive_place, is_kept_behind_a_backlog_that_cannot_match) {
  run([] {
    const std::size_t backlog = scaled(10'000, 2000);
    for (std::size_t i = 0; i < backlog; ++i)
      send(self(), red{static_cast<int>(i)});
    const pid echo = spawn([parent = self()] {
      for (std::size_t i = 0; i < scaled(10'000, 2000); ++i)
        send(parent, green{receive_one<blue>().value});
    });
    for (std::size_t i = 0; i < backlog; ++i) {
      send(echo, blue{static_cast<int>(i)});
      EXPECT_EQ(receive_one<green>().value, static_cast<int>(i));
    }
    for (std::size_t i = 0; i < backlog; ++i)
      EXPECT_EQ(receive_one<red>().value, static_cast<int>(i));
  });
}

/// What a receive should do, told plainly: walk the queue from its start.
class naive_mailbox {
public:
  using message = std::pair<int, int>; // kind, value
  void arrive(message m) { queue_.push_back(m); }
  template <class Accepts>
  int take(Accepts&& accepts) {
    for (auto at = queue_.begin(); at != queue_.end(); ++at)
      if (accepts(*at)) {
        const int value = at->second;
        queue_.erase(at);
        return value;
      }
    return -1;
  }
  bool empty() const { return queue_.empty(); }

private:
  std::deque<message> queue_;
};

TEST_F(receive_place, never_changes_what_a_receive_takes) {
  for (unsigned seed = 1; seed <= scaled(40, 10); ++seed)
    run([seed] {
      std::mt19937 random(seed);
      naive_mailbox model;
      int next = 0;
      const auto none = after(0s, [] { return -1; });
      for (int step = 0; step < 3000; ++step) {
        int got = -2;
        int expected = -2;
        const auto of = [&](std::initializer_list<int> kinds) {
          return model.take([&](const naive_mailbox::message& m) {
            return std::find(kinds.begin(), kinds.end(), m.first) != kinds.end();
          });
        };
        const auto value = [](auto m) { return m.value; };
        static_cast<void>(value);
        const auto take_red = [](red r) { return r.value; };
        const auto take_green = [](green g) { return g.value; };
        const auto take_blue = [](blue b) { return b.value; };
        auto nothing = none;
        switch (random() % 12) {
        case 0:
        case 1:
          send(self(), red{next});
          model.arrive({0, next++});
          continue;
        case 2:
        case 3:
          send(self(), green{next});
          model.arrive({1, next++});
          continue;
        case 4:
          send(self(), blue{next});
          model.arrive({2, next++});
          continue;
        case 5:
          expected = of({0});
          got = receive(take_red, nothing);
          break;
        case 6:
          expected = of({1});
          got = receive(take_green, nothing);
          break;
        case 7:
          expected = of({2});
          got = receive(take_blue, nothing);
          break;
        case 8:
          expected = of({1, 2});
          got = receive(take_green, take_blue, nothing);
          break;
        case 9: {
          const int odd = static_cast<int>(random() % 2);
          expected = model.take([&](const auto& m) { return m.first == 0 && m.second % 2 == odd; });
          got = receive(when([&](const red& r) { return r.value % 2 == odd; }, take_red), nothing);
          break;
        }
        case 10:
          expected = random() % 4 == 0 ? model.take([](const auto&) { return true; }) : -2;
          if (expected != -2)
            got = receive(
                [](any_message m) {
                  if (const red* r = m.get_if<red>())
                    return r->value;
                  if (const green* g = m.get_if<green>())
                    return g->value;
                  return m.get_if<blue>()->value;
                },
                nothing);
          break;
        default:
          // a place is kept across a receive inside a clause
          expected = of({0});
          got = receive(
              [&](red r) {
                const int inner = of({1});
                EXPECT_EQ(receive(take_green, nothing), inner);
                return r.value;
              },
              nothing);
          break;
        }
        ASSERT_EQ(got, expected) << "seed " << seed << ", step " << step;
      }
    });
}

} // namespace
} // namespace perron::runtime
