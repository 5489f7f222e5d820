// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/process.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace perron::runtime {

class crash_reporter;

/// How a node is built. The defaults are right for a server.
struct node_options {
  unsigned workers = 0;                       ///< 0: one per processor
  std::size_t stack_bytes = 64 * 1024;        ///< address space per process, of which touched pages cost
  unsigned watchdog_ms = 3;                   ///< see DESIGN.md 4; 0: no take-over of stuck workers
  unsigned most_threads = 64;                 ///< threads that run processes, spare ones included
  unsigned blocking_threads = 32;             ///< threads for blocking()
  bool contain_terminate = true;              ///< std::terminate ends its process, not the program
  std::chrono::milliseconds stop_grace{5000}; ///< what run() leaves the tree to stop in order
};

/// Figures of a node, a moment's picture.
struct node_stats {
  std::uint64_t processes = 0;
  std::uint64_t spawned = 0;
  std::uint64_t ended = 0;
  std::uint64_t crashed = 0;
  std::uint64_t messages = 0; ///< taken by clauses, in turns that are over
  std::uint64_t turns = 0;
  std::uint64_t stolen = 0;
  std::uint64_t taken_over = 0; ///< times a stuck worker was given to another thread
  std::uint64_t timers = 0;
  std::uint64_t sockets = 0;
  std::uint64_t abandoned_stacks = 0;
  std::uint64_t crash_reports_dropped = 0;
  std::size_t process_memory = 0; ///< bytes mapped for process records
  std::size_t stacks_in_use = 0;
  struct per_worker {
    std::size_t queue = 0;
    double utilisation = 0; ///< part of its life not asleep, 0 to 1
  };
  std::vector<per_worker> workers;
};

/// What was still there when a node stopped.
struct leftovers {
  std::uint64_t processes = 0;
  std::uint64_t timers = 0;
  std::uint64_t sockets = 0;
  std::uint64_t stacks = 0;

  friend bool operator==(const leftovers&, const leftovers&) = default;
};

/// The runtime: workers, timers, sockets and the processes on them. Made and stopped by an ordinary thread.
/// One node per program is the normal case; several may live one after the other or side by side. Making one
/// ignores SIGPIPE in the program, unless that has a handler for it.
class node {
public:
  explicit node(const node_options& options = {});
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Starts a process from outside. Any thread.
  template <class F>
  pid spawn(const spawn_options& options, F&& body) {
    return detail::spawn(scheduler(), detail::plan_of(options, false), std::forward<F>(body)).who;
  }
  template <class F>
  pid spawn(F&& body) {
    return spawn(spawn_options{}, std::forward<F>(body));
  }

  /// Runs a process and waits, as an ordinary thread, until it has ended; gives its reason.
  template <class F>
  exit_reason run(F&& body) {
    return run(spawn_options{}, std::forward<F>(body));
  }
  template <class F>
  exit_reason run(const spawn_options& options, F&& body) {
    core::spawn_plan plan = detail::plan_of(options, false);
    const std::shared_ptr<waiter> w = watch(plan);
    detail::spawn(scheduler(), plan, std::forward<F>(body));
    return wait(*w);
  }

  /// Ends every process that is left: first by a shutdown signal, after `grace` by kill. Then stops the
  /// threads. Gives what could not be ended or freed, all zero if the program is right. Called by the
  /// destructor.
  leftovers stop(std::chrono::milliseconds grace = std::chrono::milliseconds(1000));

  node_stats stats() const;

  /// Writes the reports of this node's crashes; to send them elsewhere than to the log, see there.
  crash_reporter& crash_reports() noexcept;

  core::scheduler& scheduler() const noexcept;

  /// The scheduler that functions for "any thread of the node" use on a thread that belongs to none: that of
  /// the node made last. Null if there is none.
  static core::scheduler* scheduler_of_thread() noexcept;

  class waiter;
  struct parts;

private:
  std::shared_ptr<waiter> watch(core::spawn_plan& plan);
  exit_reason wait(waiter& w);

  std::unique_ptr<parts> parts_;
};

/// The figures of the node the caller runs on.
node_stats current_node_stats();

} // namespace perron::runtime
