// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/node_figures.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace perron::httpd::program {
namespace {

using ::testing::SizeIs;

/// A node with so many requests behind it, and one connection.
metrics_snapshot node_with(std::uint64_t requests) {
  metrics_snapshot out;
  out.version = "1";
  server_stats web;
  web.requests = requests;
  web.connections = 1;
  web.turned_away = 2;
  out.listeners.emplace_back("http://a:80", web);
  request_figures site;
  site.by_class[2] = requests;
  site.took[3] = requests;
  site.seconds = 0.5;
  out.sites.emplace_back("a \"b\"", site);
  out.node.processes = 10;
  out.node.spawned = requests;
  out.node.workers = {{1, 0.5}, {2, 0.25}};
  out.process.cpu_seconds = 1.5;
  out.process.start_time = static_cast<double>(1000 + requests);
  out.process.resident_bytes = 4096;
  out.log.written = requests;
  return out;
}

class node_figures_test : public ::testing::Test {
protected:
  metrics_snapshot sum(const std::vector<node_figures>& all) const { return add_up(all, *seen_); }
  const std::shared_ptr<shared_text> seen_ = shared_text::make("test").value();
};

TEST_F(node_figures_test, are_the_same_behind_the_wire) {
  const auto again = read_figures(to_text(node_with(7)));
  ASSERT_TRUE(again);
  EXPECT_EQ(to_text(*again), to_text(node_with(7)));
  EXPECT_EQ(again->listeners[0].second.turned_away, 2U);
  EXPECT_EQ(again->sites[0].first, "a \"b\"");
  EXPECT_EQ(again->node.workers[1].queue, 2U);
  for (const char* bad : {"", "[]", "{}", "{\"version\":1}"})
    EXPECT_FALSE(read_figures(bad)) << bad;
}

TEST_F(node_figures_test, add_up) {
  const metrics_snapshot all = sum({{0, 1, node_with(5)}, {1, 1, node_with(7)}});
  ASSERT_THAT(all.listeners, SizeIs(1));
  EXPECT_EQ(all.listeners[0].second.requests, 12U);
  EXPECT_EQ(all.listeners[0].second.connections, 2U);
  ASSERT_THAT(all.sites, SizeIs(1));
  EXPECT_EQ(all.sites[0].second.by_class[2], 12U);
  EXPECT_EQ(all.sites[0].second.took[3], 12U);
  EXPECT_EQ(all.sites[0].second.seconds, 1.0);
  EXPECT_EQ(all.node.processes, 20U);
  EXPECT_THAT(all.node.workers, SizeIs(4));
  EXPECT_EQ(all.process.cpu_seconds, 3.0);
  EXPECT_EQ(all.process.start_time, 1005);
  EXPECT_EQ(all.log.written, 12U);
}

TEST_F(node_figures_test, what_a_node_counted_goes_on_to_count_when_it_is_gone) {
  EXPECT_EQ(sum({{0, 1, node_with(5)}, {1, 1, node_with(7)}}).log.written, 12U);
  const metrics_snapshot without = sum({{0, 1, node_with(6)}, {1, 1, std::nullopt}});
  EXPECT_EQ(without.log.written, 13U);
  EXPECT_EQ(without.listeners[0].second.requests, 13U);
  EXPECT_EQ(without.listeners[0].second.connections, 1U) << "those are gone with it";
  EXPECT_EQ(without.process.resident_bytes, 4096U);
  EXPECT_THAT(without.node.workers, SizeIs(2));
  // it is there again, and dies again before anybody looks
  EXPECT_EQ(sum({{0, 1, node_with(6)}, {1, 2, node_with(1)}}).log.written, 14U);
  EXPECT_EQ(sum({{0, 1, node_with(6)}, {1, 4, node_with(2)}}).log.written, 16U);
  EXPECT_EQ(sum({{0, 1, node_with(6)}, {1, 4, node_with(3)}}).log.written, 17U);
}

} // namespace
} // namespace perron::httpd::program
