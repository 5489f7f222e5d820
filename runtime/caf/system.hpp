// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/process_table.hpp>

#include <memory>

namespace perron::runtime::core {
struct scheduler;
}

namespace perron::runtime::caf {

/// The CAF actor system under a node: its scheduler module puts CAF's own jobs onto Perron's workers, its
/// clock is Perron's timing wheels, and it wraps each process in a CAF actor. No CAF header is needed to hold
/// one.
class system {
public:
  system();
  ~system();
  system(const system&) = delete;
  system& operator=(const system&) = delete;

  /// What the process table needs to make each process an actor.
  core::shell_operations shell() noexcept;
  /// Connects it with the engine; before the engine starts.
  void attach(core::scheduler& s);
  /// Ends CAF's own actors; while the engine still runs.
  void stop_actors();
  /// Forgets the engine; before the engine stops.
  void detach();

  struct parts;
  parts& inner() noexcept { return *parts_; }

private:
  std::unique_ptr<parts> parts_;
};

} // namespace perron::runtime::caf
