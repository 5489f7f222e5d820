// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/scenario_file.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::soak {
namespace {

constexpr std::string_view evening = R"(title = "an evening"

[[share]]
mode = "idle"
connections = 500

[[share]]
mode = "chat"
connections = 40
room = 8
messages = 2.5

[[phase]]
kind = "ramp"
rate = 2000

[[phase]]
kind = "chaos"
seconds = 60
crash = 0.01
kill_every = 30

[[phase]]
kind = "publish"
count = 3
)";

TEST(scenario_file, shares_and_phases_come_as_they_are_written) {
  const auto read = parse_scenario(evening, "evening.toml");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->title, "an evening");
  ASSERT_EQ(read->shares.size(), 2U);
  EXPECT_EQ(read->shares[1].what, mode::chat);
  EXPECT_EQ(read->shares[1].room, 8U);
  EXPECT_EQ(read->shares[1].messages, 2.5);
  EXPECT_EQ(connections_of(*read), 540U);
  ASSERT_EQ(read->phases.size(), 4U);
  EXPECT_EQ(read->phases[0].rate, 2000);
  EXPECT_EQ(read->phases[1].wrong.crash, 0.01);
  EXPECT_EQ(read->phases[1].wrong.kill_every, 30);
  EXPECT_EQ(read->phases[2].count, 3U);
  EXPECT_EQ(read->phases[3].what, phase_kind::drain) << "comes last in any case";
}

/// The text with its line `number` replaced.
std::string with_line(std::string_view text, int number, std::string_view line) {
  std::string all;
  for (int at = 1; !text.empty(); ++at) {
    const std::size_t end = text.find('\n');
    all.append(at == number ? line : text.substr(0, end)).append("\n");
    text.remove_prefix(end + 1);
  }
  return all;
}

struct bad_line {
  int number;
  const char* line;
  const char* error;
};

TEST(scenario_file, errors_name_file_line_and_key) {
  for (const bad_line& each : std::vector<bad_line>{
           {1, "titel = 1", "evening.toml:1: titel: there is no such key"},
           {1, "title = 1", "evening.toml:1: title: has to be a text"},
           {4, "mode = \"idel\"",
            "evening.toml:4: share.mode: there is no \"idel\"; there are idle, poll, sse, ws, chat, churn, "
            "requests, slow"},
           {4, "mode = 3", "evening.toml:4: share.mode: has to be a text"},
           {4, "", "evening.toml:3: share.mode: is missing"},
           {5, "connections = \"many\"", "evening.toml:5: share.connections: has to be a whole number"},
           {5, "connections = 0", "evening.toml:5: share.connections: has to be from 1 to 1e+07"},
           {5, "connections = -9223372036854775808",
            "evening.toml:5: share.connections: has to be from 1 to 1e+07"},
           {5, "connections = 1.5", "evening.toml:5: share.connections: has to be a whole number"},
           {5, "path = \"hello\"", "evening.toml:5: share.path: has to begin with a slash"},
           {10, "room = 7", "evening.toml:7: share.connections: has to be a multiple of room"},
           {11, "messages = nan", "evening.toml:11: share.messages: has to be from 0 to 1e+12"},
           {11, "massages = 3", "evening.toml:11: share.massages: there is no such key"},
           {14, "kind = \"hold\"", "evening.toml:15: phase.rate: there is no such key"},
           {14, "", "evening.toml:13: phase.kind: is missing"},
           {18, "kind = \"drain\"", "evening.toml:20: phase.crash: there is no such key"},
           {20, "crash = 1.01", "evening.toml:20: phase.crash: has to be from 0 to 1"},
           {20, "crash = inf", "evening.toml:20: phase.crash: has to be from 0 to 1"},
       }) {
    const auto read = parse_scenario(with_line(evening, each.number, each.line), "evening.toml");
    ASSERT_FALSE(read) << each.line;
    EXPECT_EQ(read.error().text, each.error);
  }
}

TEST(scenario_file, what_is_not_toml_is_said_with_its_line) {
  const auto read = parse_scenario("title = \"x\"\n[[share]\n", "x.toml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().text.substr(0, 10), "x.toml:2: ") << read.error().text;
}

TEST(scenario_file, it_takes_a_share_and_a_ramp_to_begin_with) {
  const std::string shares = "[[share]]\nmode = \"idle\"\n";
  for (const auto& [text, error] : std::vector<std::pair<std::string, std::string>>{
           {"", "x:1: share: is missing"},
           {shares, "x:1: phase: is missing"},
           {"share = 1\n", "x:1: share: has to be tables, [[share]]"},
           {"share = []\n", "x:1: share: has to be tables, [[share]]"},
           {shares + "[[phase]]\nkind = \"hold\"\n", "x:3: phase: the first has to be a ramp"},
           {shares + "[[phase]]\nkind = \"ramp\"\n[[phase]]\nkind = \"drain\"\n[[phase]]\nkind = \"hold\"\n",
            "x:5: phase: a drain has to be the last"}}) {
    const auto read = parse_scenario(text, "x");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().text, error);
  }
}

TEST(scenario_file, one_that_is_not_there_is_named) {
  const auto read = read_scenario("/nowhere/evening.toml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().text, "/nowhere/evening.toml: No such file or directory");
}

} // namespace
} // namespace perron::soak
