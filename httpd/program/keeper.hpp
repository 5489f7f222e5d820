// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/commands.hpp>
#include <perron/httpd/program/listeners.hpp>
#include <perron/httpd/program/logs/error_log.hpp>
#include <perron/httpd/program/nodes/covering.hpp>
#include <perron/httpd/program/nodes/shared_program.hpp>
#include <perron/httpd/program/service/notify.hpp>
#include <perron/httpd/server.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/server.hpp>
#include <perron/supervisors/siblings.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd::program {

struct listener_status {
  std::string name{};
  std::string url{};
  server_stats stats{};
};

/// A moment's picture.
struct program_status {
  std::string file{}; ///< of the configuration
  std::chrono::system_clock::time_point started{};
  std::uint64_t generation = 1;                   ///< configurations that have been in force
  std::uint64_t reloads = 0;                      ///< asked for, good and bad
  std::uint64_t failed = 0;                       ///< of these
  std::chrono::system_clock::time_point loaded{}; ///< what is in force
  reload_outcome last{};                          ///< if there was one
  bool draining = false;
  std::vector<listener_status> listeners{};
  log_counts log{}; ///< of all access logs
};

/// What the parts of a running program share. Made by the main thread before there are processes; afterwards
/// the keeper's alone, but for what is synchronised itself.
struct running_program {
  configuration current{};
  run_options options{};
  assembly_parts parts{};
  std::shared_ptr<readiness_state> state{}; ///< which parts.state shows to others
  notifier manager{};
  error_log* log = nullptr;
  std::vector<std::shared_ptr<open_listener>> listeners{};
  program_status status{};
  std::shared_ptr<const shared_program> shared{}; ///< with several nodes
  unsigned self = 0;                              ///< which of them this is
};

// -- what the keeper is asked

struct status_call {
  using reply = program_status;
};
struct reload_call {
  using reply = runtime::result<void>;
};
/// Answered when the last request is over. The admin listener stays: /readyz says that the program drains.
struct drain_call {
  using reply = runtime::result<void>;
};
/// To one of several nodes: another has put a configuration in force. Nothing is done if it is so here.
struct catch_up_call {
  using reply = runtime::result<void>;
};
struct counters_call {
  using reply = std::shared_ptr<const site_counters>;
};
struct routes_call {
  using reply = std::vector<route_line>;
};
/// Those that there are, the first of the configuration first.
struct listeners_call {
  using reply = std::vector<std::shared_ptr<open_listener>>;
};

/// Mail: SIGHUP has come. As a reload, which nobody waits for; the log says what became of it.
struct hung_up {};

/// The process that knows which listeners there are, and changes them: at a reload, a drain. One change at a
/// time. What it has lies in running_program, so that it can be started again.
///
/// A reload, in this order: (0) log files are opened again, whatever comes of the rest (1) the configuration
/// is read and checked (2) everything new is made (3) sockets of new addresses are opened. Up to here nothing
/// has changed, and an error leaves everything as it was. (4) new listeners are started (5) the hosts and
/// options of those that stay are replaced; one whose new options cannot be (see replace()) gets a second
/// server on the same sockets, and the first is drained (6) listeners that are gone are drained. Drains run
/// beside, and the reload does not wait for them.
///
/// With several nodes the keeper of one of them does this, writes the configuration into the ledger, and the
/// others catch up: they do the same with what stands there (conductor.hpp). New sockets are for all.
///
/// When a node dies, or is full, another accepts its clients for it (nodes/covering.hpp).
class keeper {
public:
  using calls = runtime::protocol<status_call, reload_call, catch_up_call, drain_call, routes_call,
                                  counters_call, listeners_call>;
  using casts =
      runtime::protocol<hung_up, siblings::node_change, siblings::news, core::server_full, look_for_room>;

  static constexpr std::string_view name = "perron.keeper";
  static constexpr std::string_view servers_name = "perron.listeners";

  /// Starts a server for each listener that has none.
  explicit keeper(std::shared_ptr<running_program> of);

  program_status handle_call(status_call) const;
  runtime::result<void> handle_call(reload_call);
  runtime::result<void> handle_call(catch_up_call);
  void handle_call(drain_call, runtime::caller from);
  std::vector<route_line> handle_call(routes_call) const;
  std::shared_ptr<const site_counters> handle_call(counters_call) const { return of_->parts.counters; }
  std::vector<std::shared_ptr<open_listener>> handle_call(listeners_call) const { return of_->listeners; }
  void handle_cast(hung_up);
  void handle_cast(const siblings::node_change& what);
  void handle_cast(const siblings::news& what);
  void handle_cast(const core::server_full& what) { covering_.heard(what, of_->listeners); }
  void handle_cast(look_for_room) { covering_.look(of_->listeners); }

private:
  using listener_list = std::vector<std::shared_ptr<open_listener>>;

  runtime::result<void> reload();
  runtime::result<void> take(configuration next);
  runtime::result<void> lead();
  runtime::result<std::shared_ptr<open_listener>> open(assembled_listener what) const;
  runtime::result<void> put_in_force(std::vector<assembled_listener> next);
  runtime::result<void> change(open_listener& what, assembled_listener to);
  runtime::result<void> start(const std::shared_ptr<open_listener>& what);

  const std::shared_ptr<running_program> of_;
  runtime::pid servers_; ///< the supervisor of the servers
  bool leads_ = false;   ///< what it opens now is new to all nodes
  covering covering_;
};

/// The error log as the configuration wants it; `shared`: other processes write it too.
error_log_options log_options_of(const configuration& from, bool shared = false);

/// The keeper of this node; empty if there is none.
runtime::pid the_keeper();

} // namespace perron::httpd::program
