// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/result.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace perron::runtime {
namespace {

result<int> half(int number) {
  if (number % 2 != 0)
    return error{"odd", EINVAL};
  return number / 2;
}

TEST(result, holds_a_value) {
  const auto got = half(4);
  ASSERT_TRUE(got);
  EXPECT_TRUE(got.has_value());
  EXPECT_EQ(*got, 2);
  EXPECT_EQ(got.value(), 2);
}

TEST(result, holds_an_error_in_its_place) {
  const auto got = half(3);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), (error{"odd", EINVAL}));
  EXPECT_EQ(half(3).value_or(-1), -1);
  EXPECT_EQ(half(8).value_or(-1), 4);
}

TEST(result, throws_when_a_value_is_asked_for_that_is_not_there) {
  try {
    static_cast<void>(half(1).value());
    FAIL();
  } catch (const bad_result& e) {
    EXPECT_STREQ(e.what(), "odd");
  }
  EXPECT_THROW(result<void>(error{"no"}).value(), bad_result);
}

TEST(result, carries_what_can_only_be_moved) {
  result<std::unique_ptr<int>> got(std::make_unique<int>(5));
  EXPECT_EQ(**got, 5);
  const std::unique_ptr<int> out = std::move(got).value();
  EXPECT_EQ(*out, 5);
}

TEST(result, lets_its_value_be_changed_and_reached_into) {
  result<std::string> got(std::string("ab"));
  *got += 'c';
  got.value() += 'd';
  EXPECT_EQ(got->size(), 4U);
}

TEST(result, of_a_temporary_may_be_walked) {
  const auto made = []() -> result<std::vector<int>> { return std::vector{1, 2, 3}; };
  int sum = 0;
  for (const int each : made().value())
    sum += each;
  EXPECT_EQ(sum, 6);
}

TEST(result, without_a_value_is_success_or_an_error) {
  EXPECT_TRUE(result<void>());
  EXPECT_NO_THROW(result<void>().value());
  const result<void> failed(error{"no", EIO});
  EXPECT_FALSE(failed);
  EXPECT_EQ(failed.error().code, EIO);
}

TEST(result, is_made_of_what_converts_to_its_value) {
  const result<std::string> got = "text";
  EXPECT_EQ(*got, "text");
  const result<double> wider = result<int>(3);
  EXPECT_EQ(*wider, 3.0);
  const result<double> failed = result<int>(error{"no", EIO});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), (error{"no", EIO}));
  static_assert(!std::is_convertible_v<result<std::string>, result<int>>);
}

} // namespace
} // namespace perron::runtime
