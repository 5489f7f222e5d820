// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/events.hpp"
#include "support/sanitizers.hpp"

#include <perron/runtime/node.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <utility>

namespace perron::runtime {

// how GoogleTest prints them
inline void PrintTo(const exit_reason& why, std::ostream* out) { *out << why.to_string(); }
inline void PrintTo(pid who, std::ostream* out) { *out << to_string(who); }
inline void PrintTo(const leftovers& left, std::ostream* out) {
  *out << left.processes << " processes, " << left.timers << " timers, " << left.sockets << " sockets, "
       << left.stacks << " stacks";
}
inline void PrintTo(mailbox_policy policy, std::ostream* out) {
  *out << (policy == mailbox_policy::refuse ? "refuse" : policy == mailbox_policy::wait ? "wait" : "kill");
}

} // namespace perron::runtime

namespace perron::testing {

/// Two workers wherever the test runs, and stacks on which GoogleTest can describe a failure.
inline runtime::node_options test_options(unsigned workers = 2) {
  runtime::node_options options;
  options.workers = workers;
  options.stack_bytes = under_sanitizer ? 512 * 1024 : 128 * 1024;
  return options;
}

/// A node for each test, which must leave nothing behind. EXPECT and ASSERT may be used in processes as well;
/// the body of a process that fails an ASSERT just returns.
class node_fixture : public ::testing::Test {
protected:
  explicit node_fixture(const runtime::node_options& options = test_options()) : options_(options) {}

  void SetUp() override { node_ = std::make_unique<runtime::node>(options_); }

  void TearDown() override {
    if (node_)
      stop();
  }

  /// Ends the node before the test does, and checks that nothing is left.
  void stop() {
    EXPECT_EQ(node_->stop(), runtime::leftovers{});
    node_.reset();
  }

  runtime::node& node() { return *node_; }

  /// Runs `body` as a process, which has to end normally.
  template <class F>
  void run(F&& body) {
    EXPECT_EQ(node_->run(std::forward<F>(body)), runtime::exit_reason::normal());
  }
  template <class F>
  void run(const runtime::spawn_options& options, F&& body) {
    EXPECT_EQ(node_->run(options, std::forward<F>(body)), runtime::exit_reason::normal());
  }

private:
  runtime::node_options options_;
  std::unique_ptr<runtime::node> node_;
};

/// As node_fixture, on one worker: nothing of what processes do overlaps, unless one of them gives way.
class one_worker_fixture : public node_fixture {
protected:
  one_worker_fixture() : node_fixture(test_options(1)) {}
};

/// Waits, in a process, for the `down` of one monitor and gives its reason.
inline runtime::exit_reason reason_of(runtime::monitor_ref ref) {
  return runtime::receive(runtime::when([ref](const runtime::down& d) { return d.ref == ref; },
                                        [](runtime::down d) { return std::move(d.reason); }));
}

/// Runs `body` as a process of its own and gives, in a process, the reason it ended with.
template <class F>
runtime::exit_reason reason_of_running(const runtime::spawn_options& options, F&& body) {
  return reason_of(runtime::spawn_monitor(options, std::forward<F>(body)).ref);
}
template <class F>
runtime::exit_reason reason_of_running(F&& body) {
  return reason_of_running(runtime::spawn_options{}, std::forward<F>(body));
}

/// Gives way until `condition` holds, in a process: for what nobody tells of.
template <class F>
void yield_until(F&& condition) {
  const auto start = std::chrono::steady_clock::now();
  while (!condition()) {
    if (std::chrono::steady_clock::now() - start > patience) {
      ADD_FAILURE() << "what was waited for did not come";
      return;
    }
    runtime::yield();
  }
}

/// The process that has got this name after `old`, in a process.
inline runtime::pid await_successor(const char* name, runtime::pid old) {
  runtime::pid now;
  yield_until([&] {
    now = runtime::whereis(name);
    return now && now != old;
  });
  return now;
}

} // namespace perron::testing
