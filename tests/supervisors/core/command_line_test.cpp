// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/command_line.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace perron::supervisors::core {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using words = std::vector<std::string>;

runtime::result<command_line> read(words arguments) {
  return read_command_line(
      {.name = "chat",
       .version = "2",
       .description = "A chat",
       .settings = {{"port", 80, "where"}, {"db", "x", "file"}, {"tree", false, "draw"}}},
      std::move(arguments));
}

TEST(command_line, gives_the_text_of_each_option) {
  struct row {
    words arguments;
    settings::arguments given;
  };
  for (const row& each :
       {row{{}, {}}, row{{"--port", "1"}, {{"port", "1"}}}, row{{"--port=1"}, {{"port", "1"}}},
        row{{"--port", "-1"}, {{"port", "-1"}}}, row{{"--port", "1", "--port", "2"}, {{"port", "2"}}},
        row{{"--db", "a b", "--port", "1"}, {{"db", "a b"}, {"port", "1"}}},
        row{{"--db=a=b"}, {{"db", "a=b"}}}, row{{"--db", ""}, {{"db", ""}}},
        row{{"--tree"}, {{"tree", "true"}}},
        row{{"--tree", "--port", "1"}, {{"port", "1"}, {"tree", "true"}}},
        row{{"--tree=no"}, {{"tree", "no"}}}, row{{"--tree", "no"}, {{"tree", "no"}}}}) {
    const runtime::result<command_line> got = read(each.arguments);
    ASSERT_TRUE(got) << got.error().text;
    EXPECT_EQ(got->given, each.given) << ::testing::PrintToString(each.arguments);
    EXPECT_EQ(got->to_print, "");
  }
}

TEST(command_line, names_what_it_does_not_know) {
  struct row {
    words arguments;
    std::string named;
  };
  for (const row& each : {row{{"--prot", "1"}, "--prot"}, row{{"--por"}, "--por"}, row{{"run"}, "run"},
                          row{{"--port"}, "--port"}, row{{"-p", "1"}, "-p"}}) {
    const runtime::result<command_line> got = read(each.arguments);
    ASSERT_FALSE(got) << each.named;
    EXPECT_THAT(got.error().text, HasSubstr(each.named));
  }
}

TEST(command_line, prints_help_and_version) {
  EXPECT_THAT(read({"--help"})->to_print, ContainsRegex("--port NUMBER.*80"));
  EXPECT_THAT(read({"--help"})->to_print, HasSubstr("where (CHAT_PORT)"));
  EXPECT_THAT(read({"-h", "--port", "1"})->to_print, HasSubstr("A chat"));
  EXPECT_EQ(read({"--version"})->to_print, "chat 2\n");
}

TEST(command_line, has_no_version_without_one) {
  EXPECT_FALSE(read_command_line({.name = "chat"}, {"--version"}));
}

} // namespace
} // namespace perron::supervisors::core
