// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/child_spec.hpp>
#include <perron/supervisors/request_end.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// A supervisor of requests: processes that are made by the hundred thousand a second, live shortly and are
/// never started again. It counts, lists, stops and reports them, and limits how many are let in, and gets no
/// message for any of them while things go well (otp-semantics 5.11, after Ranch's connection supervisor).
///
///     auto lines = supervisors::request_supervisor::start({.name = "lines", .limits = {.max_connections =
///     1000}}); for (;;) {                                           // an acceptor; there may be several
///       auto s = listener.accept();
///       lines->start_request(s->peer().to_string(), [s = std::move(*s)]() mutable { talk(s); });
///     }
///
/// httpd's server is one as well: everything here that takes the pid of a supervisor takes that of a server.
/// Not for children that have to live: see supervisor.hpp.
namespace perron::supervisors {

namespace core {
class request_site;

/// What a request runs.
struct request_body {
  virtual ~request_body() = default;
  virtual void run() = 0;
};
} // namespace core

/// What an alarm tells.
struct alarm_info {
  runtime::pid supervisor;
  std::string name;
  std::size_t connections = 0;
};

/// Called when a connection has come and there are `threshold` or more, at most once in a cooldown. In a
/// process of its own, unlinked, so it may wait and may crash.
struct connection_alarm {
  std::string name;
  std::size_t threshold = 0;
  std::function<void(const alarm_info&)> call{};
  std::chrono::milliseconds cooldown{5'000};
};

/// How many connections are let in; 0: no limit.
struct request_limits {
  /// At so many, accepting sleeps and clients wait in the backlog. May be passed by as many as there are
  /// acceptors, less one.
  std::size_t max_connections = 0;
  /// At so many, clients are turned away at once. Counts connections that have left the count as well.
  std::size_t hard_limit = 0;
  std::vector<connection_alarm> alarms{};
};

/// Figures of a request supervisor, a moment's picture.
struct request_counts {
  std::uint64_t connections = 0; ///< open now
  std::uint64_t counted = 0;     ///< of these, in the count of max_connections
  std::uint64_t accepted = 0;
  std::uint64_t turned_away = 0; ///< at the hard limit
  std::uint64_t started = 0;     ///< requests so far
  std::uint64_t running = 0;     ///< of these, not ended yet
  std::array<std::uint64_t, request_end_kinds> ended{};

  std::uint64_t ended_as(request_end how) const noexcept { return ended[static_cast<std::size_t>(how)]; }
};

/// What follows is for any process and waits for the supervisor. Errors, as values: it is gone.

/// Costs the supervisor a walk over the workers.
runtime::result<request_counts> count_requests(runtime::pid supervisor);

struct request_info {
  runtime::pid who;
  std::chrono::milliseconds running_for{0};
  std::string label; ///< of an HTTP request: method, space, target; cut after 256 bytes
};
struct request_page {
  std::vector<request_info> requests; ///< by number of their processes
  bool more = false;
};
/// At most `most` of the requests whose process has a number above that of `after`; give the last one of a
/// page for the next page. Requests that begin meanwhile may be missed, those that run all the time are not.
/// Costs each worker a walk over its requests in front of the page, and a copy of each label.
runtime::result<request_page> which_requests(runtime::pid supervisor, runtime::pid after = {},
                                             std::size_t most = 1'000);

/// Ends one request by the rule, as a supervisor ends a child; counted as killed. Ok if it has ended;
/// not_found if it runs and is none of this supervisor's.
answer stop_request(runtime::pid supervisor, runtime::pid request, shutdown_rule rule = {});

/// A raised limit wakes all acceptors; a lowered one closes nobody. 0: none, for httpd as many as descriptors
/// allow.
runtime::result<void> set_max_connections(runtime::pid supervisor, std::size_t most);
runtime::result<void> set_hard_limit(runtime::pid supervisor, std::size_t most);

/// Stops to accept and closes the listening sockets; connections live on. Nothing if it is so already.
runtime::result<void> suspend_accepting(runtime::pid supervisor);
/// Listens again, on the port it had, and takes back what drain() has begun. An error says why it cannot.
runtime::result<void> resume_accepting(runtime::pid supervisor);

struct drain_outcome {
  std::uint64_t drained = 0; ///< requests that had to be ended
  std::uint64_t left = 0;    ///< connections still there: their requests cannot be ended
};
/// Empties a supervisor, which itself stays: as suspend_accepting(), and close idle connections, give running
/// requests until the deadline, tell the rest to shut down, kill what has not after a second. Waits for all
/// of that, two seconds longer than the deadline at most. With several listeners suspend all of them first.
/// One at a time.
runtime::result<drain_outcome> drain(runtime::pid supervisor, std::chrono::milliseconds deadline);

/// How a request_supervisor works.
struct request_supervisor_options {
  std::string name{}; ///< registered; empty: none
  request_limits limits{};
  std::chrono::milliseconds drain_time{5'000}; ///< for running requests when it stops
};

/// A handle to a request supervisor of its own, for servers of whatever protocol. Each request is also the
/// connection that the limits count. Copied freely; does not keep the supervisor alive.
class request_supervisor {
public:
  /// Starts one, linked to the caller. An exit signal of the caller stops it in order: requests get
  /// drain_time, then are ended as by drain(). Killed, it kills them.
  static runtime::result<request_supervisor> start(request_supervisor_options options);

  /// The handle to one that runs, say under a supervisor: `of(runtime::whereis("lines"))`.
  static runtime::result<request_supervisor> of(runtime::pid supervisor);

  runtime::pid who() const noexcept;

  /// Runs f as a request. The calling process, an acceptor, sleeps while there are max_connections. Errors:
  /// there are as many as the hard limit (code EBUSY), the supervisor is suspended, drains or is gone (code
  /// ECANCELED). Sends nothing; costs a spawn, two allocations and, at its end, an errand.
  template <class F>
  runtime::result<runtime::pid> start_request(std::string label, F&& f) const {
    return start_boxed(std::move(label), box(std::forward<F>(f)));
  }

  /// Called by a request: takes it out of the count of max_connections, for good, but not out of supervision
  /// (Ranch: remove_connection). False: the caller is none of this supervisor's, or has left already.
  bool leave_count() const;

private:
  template <class F>
  static std::unique_ptr<core::request_body> box(F&& f) {
    struct holder final : core::request_body {
      std::decay_t<F> body;
      explicit holder(F&& with) : body(std::forward<F>(with)) {}
      void run() override { std::move(body)(); }
    };
    return std::make_unique<holder>(std::forward<F>(f));
  }

  explicit request_supervisor(std::shared_ptr<core::request_site> site) : site_(std::move(site)) {}
  runtime::result<runtime::pid> start_boxed(std::string label,
                                            std::unique_ptr<core::request_body> work) const;

  std::shared_ptr<core::request_site> site_;
};

/// A request supervisor as the child of a supervisor, with a shutdown time that leaves its requests their
/// drain_time. Give it a name, by which acceptors find the one that runs now.
child_spec request_supervisor_child(std::string id, request_supervisor_options options);

} // namespace perron::supervisors
