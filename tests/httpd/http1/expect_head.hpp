// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "parsed_head.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string_view>

namespace perron::tests {

/// The text must be refused so, whole and however it is cut.
inline void expect_bad(std::string_view text, int status, std::string_view what, std::size_t offset) {
  SCOPED_TRACE(text.substr(0, 200));
  const parsed_head parsed(text);
  ASSERT_TRUE(parsed.is_bad());
  EXPECT_EQ(parsed.result.status, status);
  EXPECT_EQ(parsed.result.what, what);
  EXPECT_EQ(parsed.result.offset, offset);
  for (const std::size_t step : {1, 2, 3, 16, 17})
    EXPECT_EQ(find_split_difference(text, step), 0U) << "in steps of " << step;
}

/// The text must be a whole head, whole and however it is cut.
inline void expect_complete(const parsed_head& parsed) {
  ASSERT_TRUE(parsed.is_complete()) << parsed.input.view() << parsed.result.describe();
  EXPECT_EQ(parsed.result.consumed, parsed.input.view().size());
  for (const std::size_t step : {1, 2, 3, 16, 17})
    EXPECT_EQ(find_split_difference(parsed.input.view(), step), 0U) << "in steps of " << step;
}

} // namespace perron::tests
