// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/report_html.hpp>

#include <perron/bench/soak/derived.hpp>
#include <perron/bench/soak/markup.hpp>
#include <perron/bench/soak/report_command.hpp>
#include <perron/bench/soak/report_json.hpp>

#include "bench/soak/example_run.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace perron::soak {
namespace {

namespace fs = std::filesystem;

/// A folder of the test's own.
class report_html : public testing::Test {
protected:
  report_html() : folder_(fs::temp_directory_path() / ("perron_report_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~report_html() override { fs::remove_all(folder_); }

  fs::path put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  static std::string get(const fs::path& path) {
    const std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  // Pages are written such that XML's parser reads them, too; it forgives nothing.
  void expect_well_formed(const std::string& page) const {
    static const bool there = std::system("python3 -c pass >/dev/null 2>&1") == 0;
    if (!there)
      GTEST_SKIP() << "no python3";
    const fs::path path = put("page.html", page);
    const std::string command =
        "python3 -c 'import sys, xml.dom.minidom as d; d.parse(sys.argv[1])' " + path.string() + " >&2";
    EXPECT_EQ(std::system(command.c_str()), 0);
  }

  const fs::path folder_;
};

bool contains(const std::string& page, const std::string& text) {
  return page.find(text) != std::string::npos;
}

TEST_F(report_html, is_well_formed_and_needs_nothing_else) {
  const std::string page = to_html(example_run());
  expect_well_formed(page);
  for (const char* outside : {"<script", "<link", "<img", "url(", "@import", "http://", "https://"})
    EXPECT_FALSE(contains(page, outside)) << outside;
}

TEST_F(report_html, says_what_happened) {
  const std::string page = to_html(example_run());
  for (const char* said :
       {"1,000 long polls", "of 1,000 wanted", "1,000 B", "7,000 B", "holds", "fails", "stated",
        "node 1 killed", "net.core.somaxconn", "error: reset", "on purpose: vanished",
        "/proc/slabinfo is not readable", "kitchen_sink --port 8080"})
    EXPECT_TRUE(contains(page, said)) << said;
}

TEST_F(report_html, every_plot_has_a_title_and_words) {
  const std::string page = to_html(example_run());
  const auto count = [&](const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = page.find(what); at != std::string::npos; at = page.find(what, at + 1))
      ++found;
    return found;
  };
  EXPECT_GT(count("<svg "), 10U);
  EXPECT_EQ(count("<svg "), count("role=\"img\""));
  EXPECT_EQ(count("<svg "), count("<desc id="));
  EXPECT_TRUE(contains(page, "connections over time. wanted: from 1 k to 1 k"));
}

TEST_F(report_html, hostile_texts_stay_texts) {
  run_record run = example_run("</title><script>alert(1)</script>");
  const std::string hostile = "\"'><script>alert(1)</script>\x01\x1b\xff&amp;";
  run.command = run.started = run.machine.processor = run.machine.system = run.server.command = hostile;
  run.server.address = hostile;
  run.options.emplace_back(hostile, hostile);
  run.machine.limits.push_back({.name = hostile, .value = hostile, .meaning = hostile});
  run.marks.push_back({.at_s = 3, .text = hostile});
  run.verdicts.push_back({.line = hostile, .holds = true, .figures = hostile});
  run.notes.push_back(hostile);
  run.histograms[0].name = hostile;
  for (sample& s : run.samples) {
    s.phase = hostile;
    s.clients.errors[1].name = hostile;
  }
  run.totals = run.samples.back().clients;
  for (const std::string& page : {to_html(run), to_html({run, run}, hostile)}) {
    EXPECT_FALSE(contains(page, "<script"));
    expect_well_formed(page);
  }
}

TEST_F(report_html, of_hardly_anything_is_a_page) {
  expect_well_formed(to_html(run_record{}));
  run_record one;
  one.samples.push_back({});
  expect_well_formed(to_html(one));
  one.samples.push_back({});
  one.histograms.push_back({.name = "latency", .values = {}});
  expect_well_formed(to_html(one));
  expect_well_formed(to_html({one, run_record{}}, "two"));
}

TEST_F(report_html, several_runs_share_plots_and_a_table) {
  const std::string page = to_html({example_run("Perron"), example_run("another")}, "Two servers");
  expect_well_formed(page);
  for (const char* said : {"Two servers", "Perron", "another", "Beside each other"})
    EXPECT_TRUE(contains(page, said)) << said;
}

TEST_F(report_html, a_command_draws_what_was_kept) {
  const std::string a = put("a.json", to_json(example_run("first"))).string();
  const std::string b = put("b.json", to_json(example_run("second"))).string();
  const std::string out = (folder_ / "x.html").string();
  const std::vector<const char*> both = {"perron-soak", "report",    a.c_str(), b.c_str(),
                                         "--out",       out.c_str(), "--title", "two of them"};
  EXPECT_EQ(report_command(static_cast<int>(both.size()), both.data()), 0);
  EXPECT_TRUE(contains(get(out), "two of them"));
  EXPECT_TRUE(contains(get(out), "second"));

  const std::vector<const char*> one = {"perron-soak", "report", a.c_str(), "-o", out.c_str()};
  EXPECT_EQ(report_command(static_cast<int>(one.size()), one.data()), 0);
  EXPECT_EQ(get(out), to_html(*run_from_json(get(a))));

  const std::string none = put("none.json", "{}").string();
  const std::vector<const char*> wrong = {"perron-soak", "report", none.c_str(), "-o", out.c_str()};
  EXPECT_EQ(report_command(static_cast<int>(wrong.size()), wrong.data()), 2);
}

TEST(markup, escapes_what_has_a_meaning_and_replaces_what_xml_forbids) {
  EXPECT_EQ(escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escaped("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x9a\x89"), "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x9a\x89");
  const std::string replaced = "\xef\xbf\xbd";
  EXPECT_EQ(escaped(std::string("\0", 1)), replaced);
  EXPECT_EQ(escaped("\x1b"), replaced);
  EXPECT_EQ(escaped("\xc3"), replaced);
  EXPECT_EQ(escaped("\xc0\xaf"), replaced + replaced);                // not the shortest form
  EXPECT_EQ(escaped("\xed\xa0\x80"), replaced + replaced + replaced); // half of a pair
  EXPECT_EQ(escaped("\xef\xbf\xbf"), replaced + replaced + replaced); // U+FFFF
}

TEST(derived, memory_of_a_connection_is_growth_at_the_fullest) {
  const run_record run = example_run();
  EXPECT_DOUBLE_EQ(user_bytes_per_connection(run).value_or(0), 1000);
  EXPECT_DOUBLE_EQ(slab_bytes_per_connection(run).value_or(0), 7000);
  EXPECT_FALSE(user_bytes_per_connection(run_record{}));
}

TEST(derived, phases_follow_each_other) {
  const auto phases = phases_of(example_run());
  ASSERT_EQ(phases.size(), 3U);
  EXPECT_EQ(phases[0].name, "ramp");
  EXPECT_DOUBLE_EQ(phases[0].opened_per_s, 100);
  EXPECT_DOUBLE_EQ(phases[1].from_s, 10);
  EXPECT_DOUBLE_EQ(phases[1].to_s, 29.5);
  EXPECT_EQ(phases[1].errors, 1U);
  EXPECT_NEAR(phases[1].cpu_percent, 30, 1e-6);
  EXPECT_EQ(phases[2].open, 1000U);
}

TEST(derived, thinned_keeps_ends_and_peaks) {
  run_record run = example_run();
  run.samples[33].latency.max = 77'000'000;
  const auto few = thinned(run.samples, 12);
  EXPECT_LE(few.size(), 12U);
  EXPECT_EQ(few.front().at_s, 0);
  EXPECT_EQ(few.back().at_s, 30);
  std::uint64_t most = 0;
  for (const sample& s : few)
    most = std::max(most, s.latency.max);
  EXPECT_EQ(most, 77'000'000U);
}

} // namespace
} // namespace perron::soak
