// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/report_json.hpp>

#include "bench/soak/example_run.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <string>

namespace perron::soak {
namespace {

TEST(report_json, gives_back_what_was_written) {
  const run_record run = example_run();
  const auto again = run_from_json(to_json(run));
  ASSERT_TRUE(again) << again.error().text;
  // Durations have become those at the end of their bucket; from then on nothing changes.
  const std::string text = to_json(*again);
  const auto third = run_from_json(text);
  ASSERT_TRUE(third);
  EXPECT_TRUE(to_json(*third) == text);

  EXPECT_EQ(again->title, run.title);
  EXPECT_EQ(again->options, run.options);
  ASSERT_EQ(again->samples.size(), run.samples.size());
  const sample& last = again->samples.back();
  EXPECT_EQ(last.phase, "publish");
  EXPECT_EQ(last.clients.errors.at(1).name, "reset");
  EXPECT_EQ(last.clients.errors.at(1).count, 2U);
  EXPECT_EQ(last.clients.meant.at(0).name, "vanished");
  EXPECT_EQ(last.server.pss_bytes, run.samples.back().server.pss_bytes);
  EXPECT_EQ(again->samples.at(1).server.pss_bytes, std::nullopt);
  ASSERT_EQ(again->verdicts.size(), 3U);
  EXPECT_EQ(again->verdicts[0].holds, true);
  EXPECT_EQ(again->verdicts[2].holds, std::nullopt);
  EXPECT_EQ(again->marks.at(1).text, "published");
}

TEST(report_json, keeps_the_quantiles_of_histograms) {
  const run_record run = example_run();
  const auto again = run_from_json(to_json(run));
  ASSERT_TRUE(again);
  const histogram& before = run.histograms.at(0).values;
  const histogram& after = again->histograms.at(0).values;
  EXPECT_EQ(after.count(), before.count());
  for (const double share : {0.0, 0.5, 0.9, 0.99, 0.999, 1.0})
    EXPECT_EQ(after.quantile(share), before.quantile(share));
}

TEST(report_json, has_the_names_that_the_tutorial_lists) {
  const auto json = nlohmann::json::parse(to_json(example_run()));
  EXPECT_EQ(json.at("format"), "perron-soak/1");
  EXPECT_EQ(json.at("machine").at("limits").at(0).at("name"), "net.core.somaxconn");
  EXPECT_EQ(json.at("samples").at(20).at("clients").at("open"), 1000);
  EXPECT_EQ(json.at("samples").at(20).at("server").at("pss_bytes"), 12'000'000);
  EXPECT_EQ(json.at("samples").at(20).at("machine").at("slab_unreclaimable_bytes"), 107'000'000);
  EXPECT_EQ(json.at("samples").at(20).at("latency").at("p50_ns"), 100'020);
  EXPECT_EQ(json.at("histograms").at(0).at("max_ns"), 30'000'000);
  EXPECT_TRUE(json.at("verdicts").at(2).at("holds").is_null());
}

TEST(report_json, an_empty_record_is_one) {
  const auto again = run_from_json(to_json({}));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->samples.empty());
}

TEST(report_json, replaces_what_is_no_utf8) {
  run_record run;
  run.title = "a\xff\xfe"
              "b";
  const auto again = run_from_json(to_json(run));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->title, "a\xef\xbf\xbd\xef\xbf\xbd"
                          "b");
}

TEST(report_json, refuses_what_is_none) {
  EXPECT_FALSE(run_from_json(""));
  EXPECT_FALSE(run_from_json("[]"));
  EXPECT_FALSE(run_from_json("{}"));
  EXPECT_FALSE(run_from_json(R"({"format":"perron-soak/2"})"));
  EXPECT_FALSE(run_from_json(R"({"format":7})"));
  EXPECT_FALSE(run_from_json(R"({"format":"perron-soak/1","title":7})"));
  EXPECT_FALSE(run_from_json(R"({"format":"perron-soak/1","histograms":[{"buckets":[[1]]}]})"));
  EXPECT_FALSE(run_from_json(R"({"format":"perron-soak/1","samples":[7]})"));
}

TEST(report_json, passes_over_names_it_does_not_know) {
  const auto run =
      run_from_json(R"({"format":"perron-soak/1","colour":"red","title":"x","samples":[{"at_s":1}]})");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->title, "x");
  EXPECT_EQ(run->samples.at(0).at_s, 1);
}

} // namespace
} // namespace perron::soak
