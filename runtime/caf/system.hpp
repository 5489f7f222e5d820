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
  /// Takes CAF's jobs and timeouts away from the engine, which runs still.
  void detach();
  /// Ends CAF's system; on the thread that made it, when the engine has stopped. CAF waits for every thread
  /// that ever spawned an actor to end, or to forget it, and a worker's thread does so for any process of
  /// its.
  void end();

  struct parts;
  parts& inner() noexcept { return *parts_; }

private:
  std::unique_ptr<parts> parts_;
};

} // namespace perron::runtime::caf
