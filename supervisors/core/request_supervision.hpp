// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/server.hpp>
#include <perron/runtime/timer.hpp>
#include <perron/supervisors/core/request_site.hpp>
#include <perron/supervisors/core/requests.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perron::runtime::core {
struct worker;
struct scheduler;
} // namespace perron::runtime::core

namespace perron::supervisors::core {

// -- what a request supervisor is asked

struct count_call {
  using reply = request_counts;
};
struct list_call {
  using reply = request_page;
  runtime::pid after;
  std::size_t most;
};
struct has_call {
  using reply = bool;
  runtime::pid request;
};
struct site_call {
  using reply = std::shared_ptr<request_site>;
};
struct limit_call {
  using reply = void;
  std::optional<std::size_t> max_connections;
  std::optional<std::size_t> hard_limit;
};
struct listen_call {
  using reply = runtime::result<void>;
  bool on;
};
struct drain_call {
  using reply = runtime::result<drain_outcome>;
  std::chrono::milliseconds deadline;
};
/// Mail to itself: a step of the drain of this number is due.
struct drain_due {
  std::uint64_t number;
};

/// The process of a request supervisor, as the base of a server class (runtime/server.hpp): answers the calls
/// above, runs drains and alarms. What has to do with sockets is the derived class's. To what an ordinary
/// supervisor is asked it answers as one with a single template and children that are named by their pids,
/// and refuses what would start or name a child otherwise, as Ranch does.
///
/// A drain, and a stop, in this order: (1) nobody is accepted any more (2) `closing`: connections end with
/// their request; idle ones are closed, by errands (3) whoever closes the last connection says so by mail (4)
/// at the deadline requests that are left are told to shut down, by errands to the workers on which they
/// stand (5) one second later they are killed (6) one second later it is over, whatever is left.
class request_supervision {
public:
  template <class... More>
  using calls_and =
      runtime::protocol<count_call, site_call, list_call, has_call, limit_call, listen_call, drain_call,
                        list_request, page_request, count_request, facts_request, end_request, start_request,
                        start_with_request, child_request, spec_request, More...>;
  using calls = calls_and<>;
  using casts = runtime::protocol<all_gone, alarm_rings, drain_due, stop_request>;

  request_supervision(const request_supervision&) = delete;
  request_supervision& operator=(const request_supervision&) = delete;

  request_counts handle_call(count_call) const { return site_->counts(); }
  std::shared_ptr<request_site> handle_call(site_call) const { return site_; }
  void handle_call(list_call asked, runtime::caller from) const;
  void handle_call(has_call asked, runtime::caller from) const;
  void handle_call(limit_call asked);
  runtime::result<void> handle_call(listen_call asked);
  void handle_call(drain_call asked, runtime::caller from);

  void handle_call(list_request, runtime::caller from) const;
  void handle_call(page_request asked, runtime::caller from) const;
  child_counts handle_call(count_request) const;
  supervisor_facts handle_call(facts_request) const {
    return {name_, "requests", 0, std::chrono::seconds(0)};
  }
  void handle_call(end_request asked, runtime::caller from) const;
  answer handle_call(start_request) const { return makes_its_own(); }
  answer handle_call(start_with_request) const { return makes_its_own(); }
  answer handle_call(child_request) const { return makes_its_own(); }
  runtime::result<child_spec> handle_call(spec_request) const { return runtime::error{makes_its_own().why}; }

  void handle_cast(all_gone);
  void handle_cast(alarm_rings what);
  void handle_cast(drain_due due);
  void handle_cast(stop_request order);

protected:
  request_supervision(std::string name, std::shared_ptr<request_site> site,
                      std::vector<connection_alarm> alarms);
  ~request_supervision() = default;

  /// Closes connections that have no request; called on each worker.
  using idle_closer = void (*)(request_site&, runtime::core::worker&);

  /// Steps (1) to (6) without giving way to calls; for terminate().
  void stop(std::chrono::milliseconds drain_time);
  /// Steps (1), (2) and (5) without waiting; for destructors.
  void abort();

private:
  /// Closes what listens, if anything does.
  virtual void stop_listening() {}
  virtual runtime::result<void> listen_again() { return {}; }
  virtual idle_closer closes_idle() const { return nullptr; }
  /// What max_connections of so many comes to.
  virtual std::size_t allowed(std::size_t max_connections) const { return max_connections; }

  static answer makes_its_own();
  void begin_closing();
  void end_requests(const runtime::exit_reason& why) const;
  void wait_for_last(std::chrono::milliseconds limit) const;
  void end_drain();

  struct drain_under_way {
    runtime::caller from;
    std::uint64_t number = 0;
    std::uint64_t drained_before = 0;
    unsigned told = 0; ///< how often requests were told to end
    runtime::timer_ref timer{};
  };

  const std::string name_;
  runtime::core::scheduler& sched_;
  const std::shared_ptr<request_site> site_;
  const std::vector<connection_alarm> alarms_;
  std::optional<drain_under_way> drain_;
  std::uint64_t drains_ = 0;
};

} // namespace perron::supervisors::core
