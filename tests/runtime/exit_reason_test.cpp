// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace perron::runtime {
namespace {

TEST(an_exit_reason, is_normal_unless_said_otherwise) {
  EXPECT_EQ(exit_reason(), exit_reason::normal());
  EXPECT_EQ(exit_reason().text(), "");
  EXPECT_EQ(exit_reason().type(), "");
}

// otp-semantics 5.3: normal, shutdown and {shutdown, _} are no crashes
TEST(an_exit_reason, is_orderly_if_it_is_normal_or_a_shutdown) {
  for (const exit_reason& why : {exit_reason::normal(), exit_reason::shutdown(), exit_reason::shutdown("x")})
    EXPECT_TRUE(why.orderly()) << why.to_string();
  for (const exit_reason& why :
       {exit_reason::kill(), exit_reason::killed(), exit_reason::noproc(), exit_reason::client_gone(),
        exit_reason::custom("x"), exit_reason::custom("normal"),
        exit_reason(exit_reason::kind::exception, "x"), exit_reason(exit_reason::kind::terminated)})
    EXPECT_FALSE(why.orderly()) << why.to_string();
}

TEST(an_exit_reason, equals_another_of_the_same_kind_text_and_type) {
  EXPECT_EQ(exit_reason::custom("a"), exit_reason::custom("a"));
  EXPECT_NE(exit_reason::custom("a"), exit_reason::custom("b"));
  EXPECT_NE(exit_reason::shutdown("a"), exit_reason::custom("a"));
  EXPECT_NE(exit_reason::kill(), exit_reason::killed());
  EXPECT_NE(exit_reason(exit_reason::kind::exception, "x", "A"),
            exit_reason(exit_reason::kind::exception, "x", "B"));
}

TEST(an_exit_reason, has_a_text_for_logs) {
  EXPECT_EQ(exit_reason::normal().to_string(), "normal");
  EXPECT_EQ(exit_reason::killed().to_string(), "killed");
  EXPECT_EQ(exit_reason::shutdown("tired").to_string(), "shutdown: tired");
  EXPECT_EQ(exit_reason::custom("out of paper").to_string(), "out of paper");
  EXPECT_EQ(exit_reason::custom("").to_string(), "custom");
  EXPECT_EQ(exit_reason(exit_reason::kind::exception, "no such room", "std::runtime_error").to_string(),
            "std::runtime_error: no such room");
}

TEST(an_exit_reason, is_made_of_an_exception) {
  const auto of = [](auto thrown) { return exit_reason::from_exception(std::make_exception_ptr(thrown)); };
  EXPECT_EQ(of(std::out_of_range("far")),
            exit_reason(exit_reason::kind::exception, "far", "std::out_of_range"));
  EXPECT_EQ(of(7), exit_reason(exit_reason::kind::exception, "", "int"));
}

} // namespace

// Not in the anonymous namespace: their names are what is tested.
namespace exit_reason_test {

struct weight {
  virtual ~weight() = default;
  int grams = 7;
};
struct second_base : weight, std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct virtually : virtual std::exception {
  const char* what() const noexcept override { return "virtual"; }
};
struct in_private : private std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace exit_reason_test

namespace {

TEST(an_exit_reason, finds_the_text_of_an_exception_wherever_its_class_keeps_it) {
  const auto of = [](auto thrown) { return exit_reason::from_exception(std::make_exception_ptr(thrown)); };
  using kind = exit_reason::kind;
  const std::string scope = "perron::runtime::exit_reason_test::";
  EXPECT_EQ(of(exit_reason_test::second_base("second")),
            exit_reason(kind::exception, "second", scope + "second_base"));
  EXPECT_EQ(of(exit_reason_test::virtually()), exit_reason(kind::exception, "virtual", scope + "virtually"));
  EXPECT_EQ(of(exit_reason_test::in_private("hidden")),
            exit_reason(kind::exception, "", scope + "in_private"));
  EXPECT_EQ(exit_reason::from_exception(nullptr), exit_reason(kind::exception, "", "unknown"));
}

TEST(an_exit_reason, survives_copies_and_moves) {
  exit_reason first = exit_reason::custom("kept");
  const exit_reason copy = first;
  const exit_reason moved = std::move(first);
  first = copy;
  EXPECT_EQ(first, moved);
  first = exit_reason::normal();
  EXPECT_EQ(copy.text(), "kept");
}

TEST(an_exit_reason, may_be_copied_by_many_threads_at_once) {
  const exit_reason shared = exit_reason::custom("read by all");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 2000; ++k) {
        const exit_reason copy = shared;
        wrong += copy.text() == "read by all" ? 0 : 1;
      }
    });
  for (std::thread& t : threads)
    t.join();
  EXPECT_EQ(wrong, 0);
}

TEST(a_pid, is_nobody_unless_it_was_given) {
  EXPECT_FALSE(pid());
  EXPECT_EQ(pid().id(), 0U);
  EXPECT_EQ(pid(), pid());
  EXPECT_EQ(to_string(pid(nullptr, 42)), "<42>");
  EXPECT_NE(pid(nullptr, 1), pid(nullptr, 2));
  EXPECT_LT(pid(nullptr, 1), pid(nullptr, 2));
  EXPECT_EQ(std::hash<pid>()(pid(nullptr, 1)), std::hash<pid>()(pid(nullptr, 1)));
}

} // namespace
} // namespace perron::runtime
