// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/entry.hpp>

#include <perron/httpd/sse_format.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace perron::httpd {
namespace {

using nlohmann::json;

TEST(topic_entry, is_a_message_in_json) {
  const topic_entry e("room:lobby", 0xab, {7, 1234, {"c0ffee", 3}, R"({"text":"hi \"you\"\n"})"});
  EXPECT_EQ(json::parse(e.json()),
            json::parse(R"({"type":"message","topic":"room:lobby","cursor":"ab-7","at":1234,
      "from":"c0ffee","number":3,"data":{"text":"hi \"you\"\n"}})"));
  EXPECT_EQ(e.at(), (topic_cursor{0xab, 7}));
}

TEST(topic_entry, has_no_sender_if_nobody_said_who_it_was) {
  const topic_entry e("t", 1, {1, 0, {}, "1"});
  EXPECT_FALSE(json::parse(e.json()).contains("from"));
  EXPECT_FALSE(json::parse(e.json()).contains("number"));
}

TEST(topic_entry, is_one_event_of_a_stream_with_its_place_as_the_id) {
  const topic_entry e("t", 1, {2, 0, {}, "[1,\r\n2]"});
  std::vector<sse_message> seen;
  sse_parser().feed(e.sse(), seen);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].last_event_id, "t 1-2");
  EXPECT_EQ(seen[0].data, e.json());
  EXPECT_EQ(json::parse(seen[0].data)["data"], json({1, 2}));
}

TEST(topic_entry, names_cannot_end_the_text_they_stand_in) {
  const topic_entry e("t", 1, {2, 0, {"a\"b\\c\n", 1}, "1"});
  EXPECT_EQ(json::parse(e.json())["from"], "abc");
}

TEST(topic_name, is_what_needs_no_escape) {
  for (const char* good : {"a", "room:lobby", "A.b_c/d-9"})
    EXPECT_TRUE(is_topic_name(good)) << good;
  for (const char* bad : {"", "a b", "a\"", "\xC3\xA4", "a\n", "a?b", "a%20"})
    EXPECT_FALSE(is_topic_name(bad)) << bad;
  EXPECT_TRUE(is_topic_name(std::string(128, 'a')));
  EXPECT_FALSE(is_topic_name(std::string(129, 'a')));
}

} // namespace
} // namespace perron::httpd
