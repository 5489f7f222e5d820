// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/process.hpp>
#include <perron/supervisors/app.hpp>
#include <perron/supervisors/core/app_state.hpp>

#include <memory>
#include <optional>
#include <string>

namespace perron::supervisors::core {

/// The body of the process above the root supervisor: starts the root and then the phases, passes on the
/// order to stop (an exit signal from outside of the node), and says how it ended. A process of its own, so
/// that a stop can be ordered while children start or a phase runs. To be spawned with trap_exit.
class root_keeper {
public:
  root_keeper(app::spec what, app::children tree, std::shared_ptr<app_state> shared);
  ~root_keeper();
  root_keeper(const root_keeper&) = delete;
  root_keeper& operator=(const root_keeper&) = delete;

  void run() { end_ = keep(); }

private:
  app_outcome keep();
  void wait();
  void begin_phases();
  void phases_are_over();
  void fail_phase(const std::string& why);
  void is_up();
  void stop_root();
  app_outcome judge() const;

  app::spec what_;
  app::children tree_;
  const std::shared_ptr<app_state> shared_;

  runtime::monitored root_{};
  runtime::monitored phases_{}; ///< the process that runs them
  std::string phase_;           ///< the one that runs
  std::optional<runtime::exit_reason> ended_;
  std::shared_ptr<std::string> gave_up_ = std::make_shared<std::string>(); ///< why the root did
  std::string failed_;                                                     ///< the phase, and why
  app_outcome end_{false, "the process above the root supervisor was killed"};
  bool up_ = false; ///< the tree is
  bool stopping_ = false;
};

} // namespace perron::supervisors::core
