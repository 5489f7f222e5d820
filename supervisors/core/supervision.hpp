// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
#include <perron/supervisors/restart_intensity.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <list>
#include <string>
#include <string_view>
#include <typeinfo>
#include <unordered_map>
#include <vector>

namespace perron::supervisors::core {

/// What supervision does to the world. Called only from within supervision's own calls.
class environment {
public:
  /// Runs the start function of a spec; exceptions have become errors. May take as long as it likes.
  virtual runtime::result<runtime::pid> start(const child_spec& spec) = 0;
  /// Ends a child and waits for it; gives the reason it ended with (otp-semantics 5.6).
  virtual runtime::exit_reason stop(runtime::pid who, shutdown_rule rule) = 0;
  /// Calls retry(id) after everything that waits now, so that it gets in between.
  virtual void retry_later(const std::string& id) = 0;
  virtual std::int64_t now_seconds() = 0;
  virtual bool alive(runtime::pid who) = 0;
  virtual void tell(report::context what, const runtime::exit_reason& why, report::child offender) = 0;

protected:
  ~environment() = default;
};

/// Whether the supervisor goes on or ends with reason shutdown.
enum class verdict : std::uint8_t { go_on, stop };

/// The decisions of a supervisor, without a process: children in order of start, and what is to be done when
/// one ends or somebody asks. otp-semantics 5.2 to 5.7.
///
/// A child is in one of three states:
///
/// | state      | process | leaves it by                                                            |
/// |------------|---------|-------------------------------------------------------------------------|
/// | running    | yes     | its end; terminate; the end of a sibling with one_for_all, rest_for_one |
/// | restarting | no      | retry; terminate; a restart of the group                                |
/// | stopped    | no      | restart; a restart of the group; delete                                 |
///
/// All by id or pid at constant cost, except what has to do with several children. Single-threaded.
class supervision {
public:
  supervision(const supervisor_options& options, environment& world);
  supervision(const supervision&) = delete;
  supervision& operator=(const supervision&) = delete;

  /// Starts the static children; they have been checked. If one fails, all are ended again.
  runtime::result<void> start_all(std::vector<child_spec> specs);

  /// A linked process has ended by itself.
  verdict child_ended(runtime::pid who, const runtime::exit_reason& why);
  /// What retry_later asked for; nothing if the child is no longer restarting.
  verdict retry(const std::string& id);

  answer start_child(child_spec spec);
  answer terminate_child(std::string_view id);
  answer restart_child(std::string_view id);
  answer delete_child(std::string_view id);
  std::vector<child_info> which_children() const;
  child_counts count_children() const;
  const child_spec* spec_of(std::string_view id) const;

  /// Ends all children, the last one first, and forgets them.
  void stop_all();

private:
  struct child_record {
    child_spec spec;
    const std::type_info* start_type; ///< of spec.start, which a temporary child does not keep
    runtime::pid who{};
    child_info::state_type state = child_info::state_type::stopped;
  };
  using children = std::list<child_record>;
  using position = children::iterator;

  position add(child_spec spec);
  void forget(position at);
  void runs(position at, runtime::pid who);
  void stopped(position at, child_info::state_type now);
  position find(std::string_view id);
  runtime::result<void> try_start(position at);

  verdict restart(position failed, runtime::pid was);
  void restart_one(position failed, runtime::pid was);
  void restart_group(position failed, bool all, runtime::pid was);
  void fails_to_restart(position at, const runtime::error& why, runtime::pid was);

  void terminate(position at);
  /// Ends a child that is down until somebody starts it; a temporary one is forgotten. Gives what stands
  /// behind.
  position let_go(position at);
  bool ends_all(const child_spec& ended) const;
  void tell(report::context what, const runtime::exit_reason& why, position offender, runtime::pid who);

  environment& world_;
  strategy_type strategy_;
  auto_shutdown_type auto_shutdown_;
  restart_intensity intensity_;
  children children_;                                    ///< in order of start
  std::unordered_map<std::string_view, position> by_id_; ///< views of the specs' ids
  std::unordered_map<runtime::pid, position> by_pid_;
};

} // namespace perron::supervisors::core
