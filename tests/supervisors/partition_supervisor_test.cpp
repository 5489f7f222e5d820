// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/partition_supervisor.hpp>

#include "supervisors/supervisor_fixture.hpp"
#include "support/bad_processes.hpp"

#include <perron/runtime/call.hpp>
#include <perron/supervisors/dynamic_supervisor.hpp>

#include <set>
#include <string>

namespace perron::supervisors {
namespace {

using runtime::exit_reason;
using runtime::pid;
namespace bad = testing::bad;

struct which {
  using reply = std::size_t;
};
struct numbered {
  using calls = runtime::protocol<which>;
  explicit numbered(std::size_t number) : number_(number) {}
  std::size_t handle_call(which) const { return number_; }

private:
  std::size_t number_;
};

child_spec numbered_child(std::size_t number) { return server_child<numbered>("", number); }

class partition_supervisor_test : public supervisor_fixture {};

TEST_F(partition_supervisor_test, a_key_always_finds_the_same_partition) {
  run([&] {
    const pid sup = start_partition_supervisor({.name = "parts", .partitions = 4}, numbered_child).value();
    EXPECT_EQ(partition_count("parts"), 4U);
    std::set<std::size_t> met;
    for (int key = 0; key < 100; ++key) {
      const std::size_t number = runtime::call(partition("parts", key), which{}).value();
      EXPECT_EQ(runtime::call(partition("parts", key), which{}).value(), number);
      met.insert(number);
    }
    EXPECT_EQ(met.size(), 4U);
    EXPECT_EQ(partition("parts", "a text"), partition("parts", std::string("a text")));
    stop(sup);
  });
}

TEST_F(partition_supervisor_test, there_is_one_for_each_worker_if_no_number_is_given) {
  run([&] {
    const pid sup = start_partition_supervisor({.name = "parts"}, numbered_child).value();
    EXPECT_EQ(partition_count("parts"), runtime::current_node_stats().workers.size());
    EXPECT_TRUE(runtime::call(partition("parts"), which{}));
    stop(sup);
  });
}

TEST_F(partition_supervisor_test, a_restarted_partition_is_found_again) {
  run([&] {
    const pid sup = start_partition_supervisor(
                        {.name = "parts", .partitions = 2, .reports = [](const report&) {}}, numbered_child)
                        .value();
    const pid first = partition_at("parts", 1);
    EXPECT_EQ(who(sup, "1"), first);
    const runtime::monitor_ref ends = runtime::monitor(first);
    runtime::exit(first, exit_reason::kill());
    testing::reason_of(ends);
    testing::yield_until([&] { return partition_at("parts", 1) != first; });
    EXPECT_EQ(who(sup, "1"), partition_at("parts", 1));
    EXPECT_EQ(runtime::call(partition_at("parts", 3), which{}).value(), 1U);
    stop(sup);
  });
}

TEST_F(partition_supervisor_test, nothing_is_found_once_it_has_ended) {
  run([&] {
    EXPECT_EQ(partition("parts", 1), pid());
    const pid sup = start_partition_supervisor({.name = "parts", .partitions = 2}, numbered_child).value();
    stop(sup);
    testing::yield_until([] { return partition_count("parts") == 0; });
    EXPECT_EQ(partition("parts", 1), pid());
  });
}

TEST_F(partition_supervisor_test, a_name_must_be_given_and_free) {
  run([&] {
    EXPECT_EQ(start_partition_supervisor({}, numbered_child).error().text,
              "missing_name: a partition supervisor is found by its name");
    const pid sup = start_partition_supervisor({.name = "parts", .partitions = 2}, numbered_child).value();
    const pid first = partition_at("parts", 0);
    EXPECT_FALSE(start_partition_supervisor({.name = "parts", .partitions = 3}, numbered_child));
    EXPECT_EQ(partition_at("parts", 0), first);
    EXPECT_EQ(partition_count("parts"), 2U);
    stop(sup);
  });
}

TEST_F(partition_supervisor_test, partitions_may_be_supervisors) {
  run([&] {
    const pid top =
        started({}, {partition_supervisor_child("rooms", {.name = "rooms", .partitions = 2},
                                                [](std::size_t) { return dynamic_supervisor_child(""); })});
    for (int room = 0; room < 10; ++room)
      EXPECT_TRUE(start_child(partition("rooms", room), child("", bad::hang{})));
    EXPECT_EQ(count_children(partition_at("rooms", 0)).value().active +
                  count_children(partition_at("rooms", 1)).value().active,
              10U);
    stop(top);
  });
}

} // namespace
} // namespace perron::supervisors
