// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/announcement.hpp>

#include <gtest/gtest.h>

#include <string>

namespace perron::soak {
namespace {

TEST(announcement, is_found_in_what_the_server_made_of_it) {
  const announcement said{.sender = 7, .number = 42, .at_ns = 123'456'789'012'345};
  for (const std::string& text : {said.text(), "data: {\"soak \":\"" + said.text() + "\"}\n\n"}) {
    const auto found = announcement::in(text);
    ASSERT_TRUE(found) << text;
    EXPECT_EQ(found->sender, 7U);
    EXPECT_EQ(found->number, 42U);
    EXPECT_EQ(found->at_ns, 123'456'789'012'345);
  }
}

TEST(announcement, what_is_none_is_none) {
  for (const char* const text : {"", "soak", "soak ", "soak 1", "soak 1 2 3", "soak 1 2 x.", "soak 1  2 3.",
                                 "soak 99999999999 1 1.", "soak 1 2 3", "soak -1 2 3."})
    EXPECT_FALSE(announcement::in(text)) << text;
}

TEST(announcement, a_text_that_is_cut_is_none) {
  const std::string text = announcement{.sender = 1, .number = 2, .at_ns = 3}.text();
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(announcement::in(text.substr(0, size)));
}

} // namespace
} // namespace perron::soak
