// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "supervisors/core/recorded_world.hpp"

#include <perron/supervisors/core/supervision.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace perron::supervisors::core {

inline const runtime::exit_reason crash = runtime::exit_reason::custom("crash");

inline child_spec spec(std::string id, restart_type restart = permanent) {
  child_spec made = child(std::move(id), [] {});
  made.restart = restart;
  return made;
}

/// A supervisor in a recorded world, and what becomes of it.
class supervision_fixture : public testing::Test {
protected:
  void make(supervisor_options how, std::vector<child_spec> specs) {
    tree_ = std::make_unique<supervision>(how, world_);
    ASSERT_TRUE(tree_->start_all(std::move(specs)));
    world_.take();
  }
  void make(strategy_type strategy, std::vector<child_spec> specs) {
    make({.strategy = strategy, .intensity = 10}, std::move(specs));
  }

  runtime::pid who(const std::string& id) {
    for (const child_info& each : tree_->which_children())
      if (each.id == id)
        return each.who;
    return {};
  }
  verdict ends(const std::string& id, const runtime::exit_reason& why = crash) {
    return tree_->child_ended(who(id), why);
  }

  /// As the process does with its own message.
  verdict retry() {
    const std::uint64_t ticket = world_.retries.front().first;
    world_.retries.pop_front();
    return tree_->retry(ticket);
  }

  /// "a b? c-": b is about to be restarted, c does not run.
  std::string picture() {
    std::string out;
    const std::vector<child_info> newest_first = tree_->which_children();
    for (auto at = newest_first.rbegin(); at != newest_first.rend(); ++at) {
      using state = child_info::state_type;
      out += (out.empty() ? "" : " ") + at->id;
      out += at->state == state::running ? "" : at->state == state::restarting ? "?" : "-";
      EXPECT_EQ(at->state == state::running, static_cast<bool>(at->who));
    }
    return out;
  }

  recorded_world world_;
  std::unique_ptr<supervision> tree_;
};

} // namespace perron::supervisors::core
