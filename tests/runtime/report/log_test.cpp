// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/log.hpp>

#include <gtest/gtest.h>

#include <string>

namespace perron::runtime {
namespace {

TEST(log_text, has_no_control_characters) {
  EXPECT_EQ(printable("a\nb\tc\x7f"), "a\\nb\\x09c\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\x9b") << "of Latin-1 as UTF-8";
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9") << "letters stay";
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
}

TEST(log_text, is_cut) {
  EXPECT_EQ(printable(std::string(4096, 'x')).size(), 4096U);
  EXPECT_EQ(printable(std::string(5000, 'x')).size(), 4099U);
}

} // namespace
} // namespace perron::runtime
