// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/connections.hpp>
#include <perron/bench/soak/control_block.hpp>
#include <perron/bench/soak/options.hpp>
#include <perron/bench/soak/shared_block.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace perron::soak {

/// Which links one client process has: by share of the scenario, and the number of its first one among all.
struct assignment {
  unsigned process = 0;
  unsigned processes = 1;
  std::uint64_t first = 0;
  std::vector<std::uint32_t> links{};
  bool directs = false; ///< it has no links of the scenario; it publishes and probes

  std::uint64_t total() const;
};

/// Deals the scenario's connections out evenly, at most `per_process` to each, and rooms as a whole. The
/// director comes last.
std::vector<assignment> deal_out(const scenario& s, std::uint32_t per_process);

/// One thread that does its links' part in every phase, until the drain is over. Has no CPU when nothing
/// happens.
class client_process {
public:
  /// `wakeup`: an eventfd by which the parent says that `control` has changed.
  client_process(const soak_options& options, const assignment& mine, const control_block& control,
                 shared_block& block, int wakeup);

  void run();

private:
  void hear();
  void enter(std::uint32_t number);
  void drain();
  std::int64_t make_accidents();

  const scenario& run_;
  const control_block& control_;
  shared_block& block_;
  const unsigned processes_;
  const bool directs_;
  const bool probes_;
  connections all_;
  std::vector<std::unique_ptr<activity>> activities_;
  std::uint32_t phase_ = 0; // begun ones that were heard of
  bool draining_ = false;
  std::size_t drained_ = 0; // links that were seen to
  ramp crashes_{never_ns, 0};
  ramp leavings_{never_ns, 0};
  bool calm_ = false; // nothing goes wrong: the same, done well
  std::uint64_t crashed_ = 0;
  std::uint64_t left_ = 0;
  std::uint64_t dice_;
};

} // namespace perron::soak
