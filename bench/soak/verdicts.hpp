// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/fleet.hpp>
#include <perron/bench/soak/run_record.hpp>
#include <perron/bench/soak/scenario.hpp>

#include <cstdint>
#include <vector>

namespace perron::soak {

/// One publish and what became of it.
struct publish_result {
  std::uint64_t listening = 0; ///< when it was published
  std::uint64_t heard = 0;
  std::uint64_t reached = 0; ///< as the server says; 0: it does not
  std::uint64_t repeats = 0; ///< how often it was published again, for polls that had come too late
  double last_s = 0;         ///< from the publishing to the last receiver
};

/// What happened on purpose, and what that did.
struct accident_counts {
  std::uint64_t kills = 0;
  std::uint64_t lost_by_kill = 0;
  std::uint64_t lost_unanswered = 0; ///< of these, before their first answer
  std::uint64_t cut_by_kernel = 0;   ///< reset, with the server's end still open
  /// Reset before the first answer, their SYN having been sent twice.
  std::uint64_t cut_behind_remains = 0;
  std::uint64_t crashed = 0;
  std::uint64_t vanished = 0;
  std::uint64_t silent = 0;       ///< of those who vanished
  std::uint64_t said_goodbye = 0; ///< in calm
  std::uint64_t reconnected = 0;
};

/// What else the verdicts are made from.
struct findings {
  std::vector<publish_result> publishes{};
  accident_counts accidents{};
  std::uint64_t probe_rest_p99_ns = 0; ///< in the second half of holds
  std::uint64_t probe_calm_p99_ns = 0;
  std::uint64_t probe_chaos_p99_ns = 0;
  std::uint64_t probes_at_rest = 0;
  std::uint64_t probes_in_calm = 0;
  std::uint64_t probes_in_chaos = 0;
};

/// Judges a run by its scenario: each line is one that the run was to prove. The record has its samples and
/// totals.
std::vector<verdict> judge(const scenario& run, const run_record& record, const findings& found);

} // namespace perron::soak
