// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "conformance/supervision/scenario.hpp"

#include <perron/runtime/node.hpp>
#include <perron/runtime/pid.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace perron::conformance {

/// Runs scenarios on Perron's supervisors, one at a time, in a node of its own with one worker: what happens
/// at once in a scenario has then the same order every time. supervision.escript is the same for OTP.
class stage {
public:
  stage();
  ~stage();
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  /// The trace. From an ordinary thread; returns when all processes of the scenario have ended.
  std::vector<std::string> run(const scenario& play);

private:
  void hear_log(std::string_view text);

  runtime::node node_;
  class recorder* trace_ = nullptr; ///< of the scenario that runs
};

} // namespace perron::conformance
