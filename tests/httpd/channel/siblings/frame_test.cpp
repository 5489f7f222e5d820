// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/siblings/frame.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace perron::httpd;

std::vector<topic_frame> one_of_each() {
  return {topic_frames::began{7, 2},
          topic_frames::over{7},
          topic_frames::publish{7, 1, 1'700'000'000'000, {"ann", 3}, R"({"text":"hello"})"},
          topic_frames::kept{9, {4, -1, {"", 0}, "null"}},
          topic_frames::head{9, 4},
          topic_frames::join{{5, 7}, "secret", {"ann", "{}"}},
          topic_frames::leave{{5, 7}},
          topic_frames::lost{{5, 7}},
          topic_frames::gone{"ann", 12}};
}

TEST(topic_frame, comes_back_as_it_was) {
  ASSERT_EQ(one_of_each().size(), std::variant_size_v<topic_frame>);
  for (const topic_frame& each : one_of_each())
    EXPECT_EQ(decode_topic_frame(encode(each)), each) << each.index();
}

TEST(topic_frame, is_none_if_a_byte_is_missing_or_too_many) {
  for (const topic_frame& each : one_of_each()) {
    const std::string bytes = encode(each);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(decode_topic_frame(std::string_view(bytes).substr(0, size)))
          << each.index() << ' ' << size;
    EXPECT_FALSE(decode_topic_frame(bytes + '\0')) << each.index();
  }
}

TEST(topic_frame, is_none_if_nobody_knows_its_kind) {
  std::string bytes = encode(topic_frames::over{7});
  bytes.front() = static_cast<char>(std::variant_size_v<topic_frame>);
  EXPECT_FALSE(decode_topic_frame(bytes));
  bytes.front() = '\xff';
  EXPECT_FALSE(decode_topic_frame(bytes));
}

TEST(topic_frame, does_not_believe_a_length) {
  std::string bytes = encode(topic_frames::gone{"ann", 12});
  for (std::size_t i = 1; i < 9; ++i)
    bytes[i] = '\xff';
  EXPECT_FALSE(decode_topic_frame(bytes));
}

} // namespace
