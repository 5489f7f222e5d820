// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/task_stream.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <algorithm>
#include <atomic>
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

struct go {};

/// All whole numbers from 0 on; notes how many were taken.
struct numbers {
  struct iterator {
    int now = 0;
    int* taken = nullptr;
    int operator*() const {
      ++*taken;
      return now;
    }
    iterator& operator++() {
      ++now;
      return *this;
    }
    friend bool operator!=(const iterator&, int) { return true; }
  };
  std::shared_ptr<int> taken = std::make_shared<int>(0);
  iterator begin() const { return {0, taken.get()}; }
  static int end() { return 0; }
};

template <class Stream>
auto all_of(Stream stream) {
  std::vector<result<typename Stream::value_type>> all;
  for (auto& each : stream)
    all.push_back(std::move(each));
  return all;
}

class task_stream_of : public node_fixture {};

TEST_F(task_stream_of, items_gives_results_in_their_order) {
  run([] {
    std::vector<int> items(200);
    for (std::size_t i = 0; i < items.size(); ++i)
      items[i] = static_cast<int>(i);
    const auto values = all_of(async_stream(items, [](int i) { return 2 * i; }, {.max_concurrency = 8}));
    ASSERT_EQ(values.size(), items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
      EXPECT_EQ(values[i].value(), 2 * items[i]);
  });
}

TEST_F(task_stream_of, nothing_gives_nothing) {
  run([] {
    EXPECT_TRUE(all_of(async_stream(std::vector<int>(), [](int i) { return i; })).empty());
    auto stream = async_stream(std::vector<int>{1}, [](int i) { return i; });
    EXPECT_EQ(stream.next().value().value(), 1);
    EXPECT_FALSE(stream.next());
    EXPECT_FALSE(stream.next());
  });
}

TEST_F(task_stream_of, items_keeps_a_range_that_is_handed_over) {
  run([] {
    std::vector<std::string> names{"a", "b", "c"};
    auto stream = async_stream(std::move(names), [](const std::string& s) { return s + s; });
    auto moved = std::move(stream);
    EXPECT_EQ(moved.next().value().value(), "aa");
    EXPECT_EQ(moved.next().value().value(), "bb");
  });
}

TEST_F(task_stream_of, items_may_give_no_value) {
  run([] {
    int count = 0;
    for (auto& each : async_stream(std::vector<int>{1, 2, 3}, [root = self()](int i) { send(root, i); })) {
      EXPECT_TRUE(each.has_value());
      ++count;
    }
    EXPECT_EQ(count, 3);
    EXPECT_EQ(receive_one<int>() + receive_one<int>() + receive_one<int>(), 6);
  });
}

TEST_F(task_stream_of, items_runs_as_many_at_once_as_it_may_and_no_more) {
  run([] {
    // lets three go on when three have come
    const pid gate = spawn_link([] {
      for (int round = 0; round < 4; ++round) {
        std::vector<pid> here;
        while (here.size() < 3)
          here.push_back(receive_one<pid>());
        receive([](pid) { ADD_FAILURE() << "a fourth"; }, after(0s, [] {}));
        for (const pid each : here)
          send(each, go{});
      }
    });
    const auto work = [gate](int i) {
      send(gate, self());
      receive_one<go>();
      return i;
    };
    const std::vector<int> items{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    int at = 0;
    for (auto& each : async_stream(items, work, {.max_concurrency = 3, .timeout = no_timeout}))
      EXPECT_EQ(each.value(), at++);
    EXPECT_EQ(at, 12);
  });
}

TEST_F(task_stream_of, items_without_end_takes_only_what_it_needs) {
  run([] {
    const numbers all;
    auto stream = async_stream(all, [](int i) { return i; }, {.max_concurrency = 2});
    EXPECT_EQ(*all.taken, 0) << "nothing before it is asked";
    for (int i = 0; i < 10; ++i)
      EXPECT_EQ(stream.next().value().value(), i);
    EXPECT_LE(*all.taken, 10 + 2 * 2);
  });
}

TEST_F(task_stream_of, items_goes_on_over_failures_and_gives_them_in_their_places) {
  run([] {
    const auto values = all_of(async_stream(std::vector<int>{1, 2, 3, 4}, [](int i) {
      if (i == 2)
        throw std::runtime_error("two");
      if (i == 3)
        exit(exit_reason::kill());
      return i;
    }));
    ASSERT_EQ(values.size(), 4U);
    EXPECT_EQ(values[0].value(), 1);
    EXPECT_EQ(values[1].error().text, "std::runtime_error: two");
    EXPECT_EQ(values[2].error().text, "killed");
    EXPECT_EQ(values[3].value(), 4);
  });
}

TEST_F(task_stream_of, items_ends_those_that_take_too_long_and_goes_on) {
  run([] {
    const auto values = all_of(async_stream(std::vector<int>{1, 2, 3},
                                            [](int i) {
                                              if (i != 2)
                                                return i;
                                              bad::hang{}();
                                              return 0;
                                            },
                                            {.max_concurrency = 1, .timeout = 20ms}));
    ASSERT_EQ(values.size(), 3U);
    EXPECT_EQ(values[1].error().code, ETIMEDOUT);
  });
}

TEST_F(task_stream_of, items_gives_results_as_they_come_if_it_may) {
  run([] {
    std::vector<int> items{0, 1};
    auto stream = async_stream(items,
                               [root = self()](int i) {
                                 if (i == 0) {
                                   send(root, self());
                                   receive_one<go>();
                                 }
                                 return i;
                               },
                               {.max_concurrency = 2, .timeout = no_timeout, .ordered = false});
    EXPECT_EQ(stream.next().value().value(), 1);
    send(receive_one<pid>(), go{});
    EXPECT_EQ(stream.next().value().value(), 0);
    EXPECT_FALSE(stream.next());
  });
}

TEST_F(task_stream_of, items_that_is_let_go_ends_what_runs) {
  const auto held = std::make_shared<int>(1);
  run([&held] {
    std::vector<pid> running;
    {
      auto stream = async_stream(numbers(),
                                 [held, root = self()](int i) {
                                   if (i != 0) {
                                     send(root, self());
                                     bad::hang{}();
                                   }
                                   return i;
                                 },
                                 {.max_concurrency = 4, .timeout = no_timeout});
      EXPECT_EQ(stream.next().value().value(), 0);
      for (int i = 0; i < 3; ++i)
        running.push_back(receive_one<pid>());
    }
    for (const pid each : running)
      reason_of(monitor(each));
  });
  stop();
  EXPECT_EQ(held.use_count(), 1);
}

} // namespace
} // namespace perron::runtime
