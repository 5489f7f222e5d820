// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/node.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/child_spec.hpp>
#include <perron/supervisors/setting.hpp>
#include <perron/supervisors/siblings/options.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// A program as a supervision tree (OTP: application). The whole of main():
///
///     int main(int argc, char** argv) {
///       return app::run(argc, argv, {
///           .name = "hello",
///           .settings = {{"port", std::uint16_t{8080}, "port to listen on"}},
///           .children = [] {
///             return app::children{httpd::server_child("http", {.port = app::env<std::uint16_t>("port")},
///             routes())};
///           }});
///     }
namespace perron::app {

/// The children of the root supervisor, in the order in which they start.
using children = std::vector<supervisors::child_spec>;

/// A step to be done once when the tree is up, before the program counts as started (OTP: start_phase):
/// `{"announce", [] { ... }}`. The function gives nothing or a result<void>; an error or an exception ends
/// the program.
struct phase {
  std::string name;
  std::function<runtime::result<void>()> run;

  template <class F>
  phase(std::string its_name, F step) : name(std::move(its_name)) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>)
      run = [step = std::move(step)]() mutable -> runtime::result<void> {
        step();
        return {};
      };
    else
      run = std::move(step);
  }
};

/// What a program is. Only name and children are needed.
struct spec {
  std::string name{};        ///< in log lines, and the first part of its environment variables
  std::string version{};     ///< for --version; empty: no such option
  std::string description{}; ///< the first lines of --help
  std::vector<setting> settings{};

  /// Called when the settings have been read, to set what follows here by them; may refuse().
  std::function<void(spec&)> configure{};
  /// More than 1: so many nodes, each a process of the operating system with the whole tree, under a parent
  /// that starts those again that die (siblings.hpp, siblings/README.md). They are forked between
  /// `configure` and `children`, so what is opened before is in all of them, and there must be no thread yet.
  unsigned processes = 1;
  siblings::parent_options parent{};
  /// Called after that; gives the tree. Both run in the main thread, before there are processes; this one in
  /// each node.
  std::function<app::children()> children{};
  /// Run one after the other in a process of their own, outside of the tree.
  std::vector<phase> phases{};

  supervisors::supervisor_options root{};
  /// With several nodes, 0 workers are an equal share of the processors for each, at least one.
  runtime::node_options node{};
  /// What an ordered stop may take in all, whatever the children's shutdown rules say. Then all that is left
  /// is killed.
  std::chrono::milliseconds stop_within{30'000};
};

/// Runs a program until it is told to stop; gives the exit code for main().
///
/// Reads the command line and the environment variables, makes a node and a root supervisor with the
/// children, and runs the phases. The first SIGTERM or SIGINT stops the tree in order, phases that still run
/// included; one that comes while it stops ends the program at once, with exit code 128 + n. SIGPIPE is
/// ignored for good.
///
///     0  after --help, --version, or an ordered stop: by a signal, stop(), or auto_shutdown of the root
///     1  a child could not be started, a phase failed, the root gave up or crashed, or `stop_within` was
///        over; the reason is in the log
///     2  an unknown option or a value that is none; standard error names option and value
///
/// With several nodes the parent gives these codes, and 1 also if a node fails before all are up, or again
/// and again; 0 when all have ended by themselves. The function returns in the parent at the end of all, and
/// in each node at its own: what stands behind it in main() runs in every one.
///
/// Called by the main thread before there are others, which might otherwise be chosen for the signals; blocks
/// it. One at a time.
int run(int argc, const char* const* argv, spec what);

/// What the first SIGTERM does, for programs that end by themselves: stops all nodes. Any thread; returns at
/// once.
void stop();

/// The root supervisor, from the first phase on: to draw it, or to add children. Empty when there is none.
/// Any thread.
runtime::pid root();

} // namespace perron::app
