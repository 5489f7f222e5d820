// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/request_table.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace perron::supervisors::core {
namespace {

using numbers = std::vector<std::uint64_t>;

runtime::pid process(std::uint64_t id) { return {nullptr, id}; }

numbers running(const request_shard& shard) {
  numbers out;
  shard.for_each([&](const request_entry& e) { out.push_back(e.who.id()); });
  return out;
}

class request_table_test : public ::testing::Test {
protected:
  void begin(std::size_t i) { shard.begins(entries[i], process(10 * (i + 1)), 100 + i); }

  numbers page(std::uint64_t after, std::size_t most, bool& more) const {
    numbers out;
    more = shard.page(after, most, [&](const request_entry& e) { out.push_back(e.who.id()); });
    return out;
  }

  request_table table{2};
  request_shard& shard = table.of(0);
  std::array<request_entry, 4> entries;
};

TEST_F(request_table_test, lists_what_runs_in_order_of_start) {
  EXPECT_EQ(running(shard), numbers());
  for (std::size_t i = 0; i < entries.size(); ++i)
    begin(i);
  EXPECT_EQ(running(shard), (numbers{10, 20, 30, 40}));
  EXPECT_EQ(entries[2].since_ms, 102U);
  EXPECT_TRUE(shard.has(process(30)));
  shard.ends(entries[2], request_end::normal); // from the middle
  EXPECT_FALSE(shard.has(process(30)));
  EXPECT_EQ(running(shard), (numbers{10, 20, 40}));
  shard.ends(entries[0], request_end::normal); // the first
  shard.ends(entries[3], request_end::normal); // the last
  EXPECT_EQ(running(shard), (numbers{20}));
  begin(3);
  EXPECT_EQ(running(shard), (numbers{20, 40}));
  shard.ends(entries[1], request_end::normal);
  shard.ends(entries[3], request_end::normal);
  EXPECT_EQ(running(shard), numbers());
  begin(0);
  EXPECT_EQ(running(shard), (numbers{10})) << "an entry is used again";
}

TEST_F(request_table_test, gives_pages) {
  for (std::size_t i = 0; i < entries.size(); ++i)
    begin(i);
  bool more = false;
  EXPECT_EQ(page(0, 3, more), (numbers{10, 20, 30}));
  EXPECT_TRUE(more);
  EXPECT_EQ(page(30, 3, more), (numbers{40}));
  EXPECT_FALSE(more);
  EXPECT_EQ(page(15, 1, more), (numbers{20})) << "the one before has ended meanwhile";
  EXPECT_TRUE(more);
  EXPECT_EQ(page(0, 4, more), (numbers{10, 20, 30, 40}));
  EXPECT_FALSE(more);
  EXPECT_EQ(page(40, 4, more), numbers());
  EXPECT_FALSE(more);
  EXPECT_EQ(page(0, 0, more), numbers());
  EXPECT_TRUE(more);
}

TEST_F(request_table_test, one_that_goes_on_in_another_process_is_the_same_request_in_its_order) {
  for (std::size_t i = 0; i < 3; ++i)
    begin(i);
  shard.goes_on(entries[0], process(50));
  EXPECT_EQ(running(shard), (numbers{20, 30, 50}));
  EXPECT_EQ(entries[0].since_ms, 100U);
  bool more = false;
  EXPECT_EQ(page(20, 4, more), (numbers{30, 50})) << "nobody is passed over";
  shard.goes_on(entries[0], process(60)); // the last
  EXPECT_EQ(running(shard), (numbers{20, 30, 60}));
  EXPECT_EQ(shard.started(), 3U);
  shard.ends(entries[0], request_end::normal);
  EXPECT_EQ(running(shard), (numbers{20, 30}));
}

TEST_F(request_table_test, counts_every_end_under_its_kind_in_all_shards) {
  for (std::size_t i = 0; i < request_end_kinds; ++i)
    for (std::size_t times = 0; times <= i; ++times) {
      request_entry e;
      table.of(times % 2).begins(e, process(1), 0);
      table.of(times % 2).ends(e, static_cast<request_end>(i));
    }
  request_entry runs;
  table.of(1).begins(runs, process(7), 0);
  const request_figures now = table.figures();
  std::uint64_t over = 0;
  for (std::size_t i = 0; i < request_end_kinds; ++i) {
    EXPECT_EQ(now.ended[i], i + 1) << to_string(static_cast<request_end>(i));
    over += now.ended[i];
  }
  EXPECT_EQ(now.started, over + 1);
  EXPECT_EQ(now.running, 1U);
}

TEST_F(request_table_test, who_reads_the_figures_never_sees_an_end_before_its_start) {
  std::atomic<bool> over{false};
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < 2; ++i)
    workers.emplace_back([&, i] {
      while (!over.load(std::memory_order_relaxed)) {
        request_entry e;
        table.of(i).begins(e, process(1), 0);
        table.of(i).ends(e, request_end::normal);
      }
    });
  request_figures last;
  for (int i = 0; i < 20'000; ++i) {
    const request_figures now = table.figures();
    ASSERT_LE(now.running, now.started);
    ASSERT_GE(now.started, last.started);
    last = now;
  }
  over = true;
  for (std::thread& t : workers)
    t.join();
  EXPECT_EQ(table.figures().running, 0U);
}

} // namespace
} // namespace perron::supervisors::core
