// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/crash_report.hpp>

#include <perron/runtime/report/symbolise.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace perron::runtime {

// Not in the anonymous namespace: its name is what is tested.
namespace crash_report_test {

[[gnu::noinline]] void* here() { return __builtin_return_address(0); }

[[gnu::noinline]] void* room_join() {
  void* at = here();
  asm volatile("" : "+r"(at));
  return at;
}

} // namespace crash_report_test

namespace {

constexpr std::uint64_t second = 1'000'000'000;

std::atomic<std::uint64_t> fake_now{0};

std::uint64_t read_fake_now() noexcept { return fake_now.load(); }

/// Collects what a reporter writes. Its own clock stands still unless moved.
class crash_reporter_test : public testing::Test {
protected:
  struct written {
    crash_report report;
    std::string text;
  };

  crash_reporter_test() { fake_now = second; }

  crash_reporter_options limits(std::uint32_t burst, std::size_t queue = 1024) const {
    return {.per_second = 1, .burst = burst, .queue = queue, .now_ns = &read_fake_now};
  }

  void collect(crash_reporter& reporter) {
    reporter.set_sink([this](const crash_report& report, const std::string& text) {
      written_.push_back({report, text});
    });
  }

  static crash_report report_of(std::uint64_t id) {
    crash_report report;
    report.pid_id = id;
    report.reason = "lost";
    return report;
  }

  /// What a dying process does.
  static bool crash(crash_reporter& reporter, std::uint64_t id) {
    if (!reporter.admit())
      return false;
    reporter.submit(report_of(id));
    return true;
  }

  std::vector<written> written_;
};

TEST(crash_report, text_tells_all_there_is) {
  crash_report report;
  report.pid_id = 42;
  report.name = "room-7";
  report.reason = "room lost";
  report.exception_type = "std::runtime_error";
  report.exception_text = "no such room";
  report.ancestors = {"rooms", "chat"};
  report.mailbox_length = 3;
  report.links = 1;
  report.monitors = 2;
  report.reductions = 1'234'567;
  report.dropped_before = 9900;
  symboliser symbols;
  EXPECT_EQ(to_text(report, symbols), "process <42> 'room-7' crashed: room lost\n"
                                      "  exception  std::runtime_error: no such room\n"
                                      "  ancestors  rooms, chat\n"
                                      "  mailbox 3, links 1, monitors 2, reductions 1,234,567\n"
                                      "  before this one, 9,900 further crash reports dropped");
}

TEST(crash_report, text_leaves_out_what_there_is_not) {
  crash_report report;
  report.pid_id = 1;
  report.reason = "killed";
  symboliser symbols;
  EXPECT_EQ(to_text(report, symbols), "process <1> crashed: killed\n"
                                      "  mailbox 0, links 0, monitors 0, reductions 0");
}

TEST(crash_report, text_tells_an_exception_once) {
  crash_report report;
  report.pid_id = 1;
  report.exception_type = "std::runtime_error";
  report.exception_text = "no such room";
  report.reason = "std::runtime_error: no such room";
  symboliser symbols;
  EXPECT_EQ(to_text(report, symbols), "process <1> crashed: std::runtime_error: no such room\n"
                                      "  mailbox 0, links 0, monitors 0, reductions 0");
}

TEST(crash_report, text_names_the_stack) {
  crash_report report;
  report.pid_id = 1;
  report.reason = "lost";
  report.stack[0] = crash_report_test::room_join();
  report.stack_depth = 1;
  symboliser symbols;
  const std::string text = to_text(report, symbols);
  EXPECT_NE(text.find("\n  thrown at\n    perron::runtime::crash_report_test::room_join() ("),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("crash_report_test.cpp:"), std::string::npos) << text;
}

TEST(crash_report, text_of_a_peer_cannot_forge_lines_or_steer_a_terminal) {
  crash_report report;
  report.pid_id = 1;
  report.name = "a\nb";
  report.reason = "bad request: \x1b[2J\r\n[error] \xc2\x9b forged caf\xc3\xa9";
  symboliser symbols;
  const std::string text = to_text(report, symbols);
  EXPECT_TRUE(text.starts_with(
      "process <1> 'a\\nb' crashed: bad request: \\x1b[2J\\x0d\\n[error] \\x9b forged caf\xc3\xa9\n"))
      << text;
}

TEST(crash_report, text_of_any_length_is_cut) {
  crash_report report;
  report.reason = std::string(100'000, 'x');
  symboliser symbols;
  EXPECT_LT(to_text(report, symbols).size(), 5000u);
}

TEST_F(crash_reporter_test, writes_what_was_submitted_in_order) {
  crash_reporter reporter(limits(10));
  collect(reporter);
  for (std::uint64_t id = 1; id <= 5; ++id)
    EXPECT_TRUE(crash(reporter, id));
  reporter.flush();
  ASSERT_EQ(written_.size(), 5u);
  for (std::uint64_t id = 1; id <= 5; ++id) {
    EXPECT_EQ(written_[id - 1].report.pid_id, id);
    EXPECT_TRUE(written_[id - 1].text.starts_with("process <" + std::to_string(id) + "> crashed: lost"));
  }
}

TEST_F(crash_reporter_test, flush_without_any_report_returns) {
  crash_reporter reporter;
  reporter.flush();
}

TEST_F(crash_reporter_test, drops_what_is_over_the_limit_and_tells_how_many) {
  crash_reporter reporter(limits(100));
  collect(reporter);
  int passed = 0;
  for (std::uint64_t id = 1; id <= 10'000; ++id)
    passed += crash(reporter, id);
  EXPECT_EQ(passed, 100);
  reporter.flush();
  ASSERT_EQ(written_.size(), 101u);
  EXPECT_EQ(written_.back().report.pid_id, 0u);
  EXPECT_EQ(written_.back().report.dropped_before, 9900u);
  EXPECT_EQ(written_.back().text, "9,900 further crash reports dropped");
}

TEST_F(crash_reporter_test, tells_the_dropped_with_the_next_report) {
  crash_reporter reporter(limits(1));
  collect(reporter);
  EXPECT_TRUE(crash(reporter, 1));
  EXPECT_FALSE(crash(reporter, 2));
  EXPECT_FALSE(crash(reporter, 3));
  fake_now += second;
  EXPECT_TRUE(crash(reporter, 4));
  reporter.flush();
  ASSERT_EQ(written_.size(), 2u);
  EXPECT_EQ(written_[1].report.pid_id, 4u);
  EXPECT_EQ(written_[1].report.dropped_before, 2u);
  EXPECT_TRUE(written_[1].text.ends_with("\n  before this one, 2 further crash reports dropped"));
}

TEST_F(crash_reporter_test, tells_the_dropped_when_no_report_follows) {
  auto options = limits(1);
  options.tell_dropped_after_ms = 1;
  crash_reporter reporter(options);
  std::binary_semaphore refused{0};
  std::binary_semaphore told{0};
  std::uint64_t dropped = 0;
  reporter.set_sink([&](const crash_report& report, const std::string&) {
    if (report.pid_id != 0) {
      refused.acquire();
      return;
    }
    dropped = report.dropped_before;
    told.release();
  });
  EXPECT_TRUE(crash(reporter, 1));
  EXPECT_FALSE(crash(reporter, 2));
  EXPECT_FALSE(crash(reporter, 3));
  refused.release();
  told.acquire();
  EXPECT_EQ(dropped, 2u);
}

TEST_F(crash_reporter_test, a_full_queue_drops_and_counts) {
  crash_reporter reporter(limits(100, 4));
  std::binary_semaphore writing{0};
  std::binary_semaphore go_on{0};
  bool first = true;
  reporter.set_sink([&](const crash_report& report, const std::string& text) {
    if (std::exchange(first, false)) {
      writing.release();
      go_on.acquire();
    }
    written_.push_back({report, text});
  });
  EXPECT_TRUE(crash(reporter, 1));
  writing.acquire();
  for (std::uint64_t id = 2; id <= 10; ++id)
    EXPECT_TRUE(crash(reporter, id));
  go_on.release();
  reporter.flush();
  ASSERT_EQ(written_.size(), 6u);
  EXPECT_EQ(written_[4].report.pid_id, 5u);
  EXPECT_EQ(written_[5].report.pid_id, 0u);
  EXPECT_EQ(written_[5].report.dropped_before, 5u);
}

TEST_F(crash_reporter_test, loses_no_count_between_threads) {
  crash_reporter reporter(limits(50, 16));
  collect(reporter);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&reporter] {
      for (std::uint64_t id = 1; id <= 1000; ++id)
        crash(reporter, id);
    });
  }
  for (auto& thread : threads)
    thread.join();
  reporter.flush();
  std::uint64_t told = 0;
  for (const auto& entry : written_)
    told += (entry.report.pid_id != 0 ? 1u : 0u) + entry.report.dropped_before;
  EXPECT_EQ(told, 4000u);
}

TEST_F(crash_reporter_test, survives_a_sink_that_throws) {
  crash_reporter reporter(limits(10));
  reporter.set_sink([](const crash_report&, const std::string&) { throw 42; });
  crash(reporter, 1);
  reporter.flush();
  collect(reporter);
  crash(reporter, 2);
  reporter.flush();
  ASSERT_FALSE(written_.empty());
  EXPECT_EQ(written_[0].report.pid_id, 2u);
}

TEST_F(crash_reporter_test, writes_what_waits_before_it_ends) {
  {
    crash_reporter reporter(limits(10));
    collect(reporter);
    for (std::uint64_t id = 1; id <= 5; ++id)
      crash(reporter, id);
  }
  EXPECT_EQ(written_.size(), 5u);
}

TEST_F(crash_reporter_test, without_a_sink_writes_to_standard_error) {
  testing::internal::CaptureStderr();
  {
    crash_reporter reporter(limits(10));
    crash(reporter, 77);
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("process <77> crashed: lost"), std::string::npos) << log;
  EXPECT_NE(log.find("[perron]"), std::string::npos) << log;
}

} // namespace
} // namespace perron::runtime
