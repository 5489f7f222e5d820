// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/crash_report.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;

struct go {};

[[gnu::noinline]] void fail_in_a_function_with_a_name() { throw std::runtime_error("the wheel came off"); }

class crash_of_a_process : public node_fixture {
protected:
  void SetUp() override {
    node_fixture::SetUp();
    node().crash_reports().set_sink([this](const crash_report& report, const std::string& text) {
      if (report.pid_id != 0)
        reports_.put({report, text});
      dropped_ += report.dropped_before;
      if (report.pid_id != 0)
        ++written_;
    });
  }

  struct written_report {
    crash_report report;
    std::string text;
  };
  written_report next_report() { return reports_.take().value_or(written_report{}); }
  /// Written and told to be dropped, when all are.
  std::pair<std::uint64_t, std::uint64_t> counts() {
    node().crash_reports().flush();
    return {written_, dropped_};
  }

private:
  outcome_queue<written_report> reports_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> dropped_{0};
};

TEST_F(crash_of_a_process, is_reported_with_all_that_is_known) {
  pid parent;
  pid child;
  run({.name = "parent"}, [&] {
    parent = self();
    const monitored made = spawn_monitor({.name = "child"}, [] {
      receive_one<go>();
      link(spawn(bad::hang{}));
      fail_in_a_function_with_a_name();
    });
    child = made.who;
    for (int i = 0; i < 3; ++i)
      send(made.who, i);
    send(made.who, go{});
    reason_of(made.ref);
  });
  const auto [report, text] = next_report();
  EXPECT_EQ(report.pid_id, child.id());
  EXPECT_EQ(report.name, "child");
  EXPECT_EQ(report.reason, "std::runtime_error: the wheel came off");
  EXPECT_EQ(report.exception_type, "std::runtime_error");
  EXPECT_EQ(report.exception_text, "the wheel came off");
  EXPECT_EQ(report.ancestors, std::vector<std::string>{"parent " + to_string(parent)});
  EXPECT_EQ(report.mailbox_length, 3U);
  EXPECT_EQ(report.links, 1U);
  EXPECT_GT(report.stack_depth, 0);
  EXPECT_NE(text.find("fail_in_a_function_with_a_name"), std::string::npos) << text;
}

TEST_F(crash_of_a_process, is_not_reported_when_the_end_is_orderly) {
  run([] {
    reason_of_running([] {});
    reason_of_running([] { exit(exit_reason::normal()); });
    reason_of_running([] { exit(exit_reason::shutdown("enough")); });
    EXPECT_EQ(current_node_stats().crashed, 0U);
  });
  EXPECT_EQ(counts(), std::pair(std::uint64_t{0}, std::uint64_t{0}));
}

TEST_F(crash_of_a_process, is_reported_for_reasons_that_are_no_exception) {
  run([] { reason_of_running([] { exit(exit_reason::custom("out of paper")); }); });
  const auto [report, text] = next_report();
  EXPECT_EQ(report.reason, "out of paper");
  EXPECT_EQ(report.exception_type, "");
  EXPECT_EQ(report.stack_depth, 0);
}

TEST_F(crash_of_a_process, is_reported_for_terminate) {
  run([] {
    reason_of_running([] {
      expect_leaks_on_this_thread();
      []() noexcept { fail_in_a_function_with_a_name(); }();
    });
  });
  const auto [report, text] = next_report();
  EXPECT_NE(report.reason.find("the wheel came off"), std::string::npos) << report.reason;
  EXPECT_NE(text.find("fail_in_a_function_with_a_name"), std::string::npos) << text;
}

TEST_F(crash_of_a_process, shows_the_throw_of_this_process_and_no_other) {
  run([] {
    // gives way while it unwinds, and others throw on the same thread meanwhile
    struct gives_way {
      ~gives_way() {
        for (int i = 0; i < 5; ++i)
          yield();
      }
    };
    const monitored other = spawn_monitor({.worker = 0}, [] {
      while (receive([](go) { return false; }, after(std::chrono::seconds(0), [] { return true; }))) {
        try {
          throw 1;
        } catch (int) {
          yield();
        }
      }
    });
    reason_of_running({.worker = 0}, [] {
      const gives_way guard;
      fail_in_a_function_with_a_name();
    });
    send(other.who, go{});
    reason_of(other.ref);
  });
  const auto [report, text] = next_report();
  EXPECT_TRUE(report.stack_depth == 0 || text.find("fail_in_a_function_with_a_name") != std::string::npos)
      << text;
}

TEST_F(crash_of_a_process, ten_thousand_times_does_not_stop_the_node_and_dropped_reports_are_counted) {
  const std::size_t crashes = scaled(10'000, 1000);
  run([&] {
    const pid echo = spawn([] {
      for (;;)
        receive([](go) { exit(exit_reason::normal()); }, [](pid from) { send(from, 1); });
    });
    for (std::size_t done = 0; done < crashes; done += 100) {
      std::vector<monitored> batch;
      for (int i = 0; i < 100; ++i)
        batch.push_back(spawn_monitor(bad::crash{}));
      send(echo, self());
      EXPECT_EQ(receive_one<int>(), 1);
      for (const monitored& m : batch)
        EXPECT_EQ(reason_of(m.ref).what(), exit_reason::kind::exception);
    }
    send(echo, go{});
    const node_stats now = current_node_stats();
    EXPECT_EQ(now.crashed, crashes);
    EXPECT_GT(now.crash_reports_dropped, 0U);
    EXPECT_LT(now.crash_reports_dropped, crashes);
  });
  const auto [written, dropped] = counts();
  EXPECT_EQ(written + dropped, crashes) << "each is written or counted";
  EXPECT_GE(dropped, node().stats().crash_reports_dropped);
}

} // namespace
} // namespace perron::runtime
