// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/settings.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace perron::supervisors::core {
namespace {

using app::setting;
using app::setting_value;

/// What a text means, or why it means nothing.
std::string read_as(const setting& what, std::string_view text) {
  const runtime::result<setting_value> got = value_of(what, text);
  return got ? text_of(*got) : "error: " + got.error().text;
}

TEST(settings, takes_the_type_of_a_setting_from_its_default) {
  struct row {
    setting what;
    std::string text;
    std::string expected;
  };
  const setting flag("flag", false, "");
  const setting small("small", std::int8_t{0}, "");
  const setting count("count", 0U, "");
  const setting big("big", std::uint64_t{0}, "");
  const setting whole("whole", std::int64_t{0}, "");
  const setting real("real", 0.5F, "");
  const setting text("text", "x", "");
  for (const row& each :
       {row{flag, "true", "true"},
        row{flag, "off", "false"},
        row{flag, "1", "true"},
        row{flag, "", "error: '' is not true or false"},
        row{flag, "True", "error: 'True' is not true or false"},
        row{small, "-128", "-128"},
        row{small, "128", "error: '128' is not a whole number from -128 to 127"},
        row{count, "4294967295", "4294967295"},
        row{count, "-1", "error: '-1' is not a whole number from 0 to 4294967295"},
        row{big, "9223372036854775807", "9223372036854775807"},
        row{big, "-1", "error: '-1' is not a whole number from 0 on"},
        row{whole, "-9223372036854775808", "-9223372036854775808"},
        row{whole, "9223372036854775808", "error: '9223372036854775808' is not a whole number"},
        row{whole, "1 ", "error: '1 ' is not a whole number"},
        row{whole, "1.5", "error: '1.5' is not a whole number"},
        row{whole, "", "error: '' is not a whole number"},
        row{real, "-1e3", "-1000"},
        row{real, "2", "2"},
        row{real, "inf", "error: 'inf' is not a number"},
        row{real, "2x", "error: '2x' is not a number"},
        row{text, "", ""},
        row{text, "a b", "a b"}})
    EXPECT_EQ(read_as(each.what, each.text), each.expected) << each.what.key;
}

TEST(settings, names_variables_by_the_program) {
  EXPECT_EQ(variable_name("chat", "port"), "CHAT_PORT");
  EXPECT_EQ(variable_name("kitchen_sink", "max-rooms2"), "KITCHEN_SINK_MAX_ROOMS2");
  EXPECT_EQ(variable_name("my.app", "x"), "MY_APP_X");
}

TEST(settings, refuses_keys_that_are_none) {
  for (const char* key : {"", "Port", "max_rooms", "-x", "a b", "a=b", "help", "version", "1st"})
    EXPECT_FALSE(check_settings({setting(key, 1, "")})) << key;
  EXPECT_FALSE(check_settings({setting("a", 1, ""), setting("a", 2, "")}));
  EXPECT_TRUE(check_settings({setting("a", 1, ""), setting("b-2", 2, "")}));
}

TEST(settings, heeds_arguments_then_variables_then_defaults) {
  const std::map<std::string, std::string> around{{"CHAT_B", "2"}, {"CHAT_C", "2"}};
  const auto look_up = [&](const std::string& name) {
    const auto found = around.find(name);
    return found == around.end() ? std::nullopt : std::optional(found->second);
  };
  const auto got = settings::read("chat", {{"a", 1, ""}, {"b", 1, ""}, {"c", 1, ""}}, {{"c", "3"}}, look_up);
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->at("a").held, setting_value(std::int64_t{1}));
  EXPECT_EQ(got->at("a").source, "default of --a");
  EXPECT_EQ(got->at("b").held, setting_value(std::int64_t{2}));
  EXPECT_EQ(got->at("b").source, "CHAT_B");
  EXPECT_EQ(got->at("c").held, setting_value(std::int64_t{3}));
  EXPECT_EQ(got->at("c").source, "--c");
  EXPECT_THROW(static_cast<void>(got->at("d")), std::logic_error);
}

TEST(settings, says_where_a_bad_value_came_from) {
  const auto nothing = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  const auto bad = [](const std::string&) -> std::optional<std::string> { return "x"; };
  EXPECT_EQ(settings::read("chat", {{"a", 1, ""}}, {}, bad).error().text.substr(0, 14), "CHAT_A: 'x' is");
  EXPECT_EQ(settings::read("chat", {{"a", 1, ""}}, {{"a", "y"}}, nothing).error().text.substr(0, 11),
            "--a: 'y' is");
}

} // namespace
} // namespace perron::supervisors::core
