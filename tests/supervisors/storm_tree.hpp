// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/supervisor.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

/// The plans of trees for storm_stress: made from a seed, unchanged while a tree of that plan runs.
namespace perron::supervisors::storm {

/// What a child does that it should not.
enum class conduct : std::uint8_t {
  plain,      ///< nothing
  slow,       ///< takes its time to end
  deaf,       ///< ends by kill only
  loose,      ///< cuts its link, so that its end goes unnoticed
  refuses,    ///< its start fails, every so often
  throws,     ///< its start throws, every so often
  stays_away, ///< its start is ignored, every so often
};

struct tree;
using tree_ptr = std::shared_ptr<const tree>;

/// One child.
struct member {
  std::string id;
  restart_type restart = permanent;
  shutdown_rule shutdown{};
  bool significant = false;
  conduct how = conduct::plain;
  unsigned every = 0; ///< which start of how many goes wrong
  tree_ptr below;     ///< a supervisor, or a worker if null
  std::shared_ptr<std::atomic<unsigned>> starts = std::make_shared<std::atomic<unsigned>>(0);
};

/// One supervisor.
struct tree {
  bool dynamic = false; ///< it begins without children; the members are what the storm starts in it
  strategy_type strategy = one_for_one;
  std::uint32_t intensity = 1;
  std::chrono::seconds period{5};
  auto_shutdown_type auto_shutdown = auto_shutdown_type::never;
  std::vector<member> members;
};

/// Makes plans.
class planner {
public:
  explicit planner(std::mt19937_64& random) : random_(random) {}

  tree_ptr plan(unsigned levels) {
    auto made = std::make_shared<tree>();
    made->strategy = std::array{one_for_one, one_for_all, rest_for_one}[below(3)];
    made->intensity = static_cast<std::uint32_t>(one_in(4) ? below(3) : 3 + below(40));
    made->period = std::chrono::seconds(1 + below(5));
    made->dynamic = levels == 1 && one_in(3);
    if (!made->dynamic && one_in(4))
      made->auto_shutdown =
          one_in(2) ? auto_shutdown_type::any_significant : auto_shutdown_type::all_significant;
    const std::size_t many = 2 + below(5);
    for (std::size_t i = 0; i < many; ++i)
      made->members.push_back(
          child("c" + std::to_string(i), levels - 1, made->auto_shutdown != auto_shutdown_type::never));
    return made;
  }

  member child(std::string id, unsigned levels_below, bool may_be_significant) {
    member made;
    made.id = std::move(id);
    made.restart = one_in(2) ? permanent : one_in(2) ? transient : temporary;
    made.significant = may_be_significant && made.restart != permanent && one_in(2);
    made.every = 2 + static_cast<unsigned>(below(4));
    if (levels_below > 0 && (made.id == "c0" || !one_in(3))) {
      made.below = plan(levels_below);
      // OTP allows a time for supervisors, but what it does then to those below is nobody's shape
      made.shutdown = infinity;
      return made;
    }
    made.how = one_in(2) ? conduct::plain : static_cast<conduct>(below(7));
    const auto short_time = std::chrono::milliseconds(1 + below(4));
    if (made.how == conduct::deaf)
      made.shutdown = one_in(2) ? brutal_kill : shutdown_rule(short_time);
    else if (one_in(2))
      made.shutdown = one_in(2) ? infinity : one_in(2) ? brutal_kill : shutdown_rule(short_time);
    return made;
  }

private:
  std::size_t below(std::size_t most) { return random_() % most; }
  bool one_in(std::size_t many) { return random_() % many == 0; }

  std::mt19937_64& random_;
};

} // namespace perron::supervisors::storm
