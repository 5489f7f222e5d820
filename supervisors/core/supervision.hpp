// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
#include <perron/supervisors/core/child_table.hpp>
#include <perron/supervisors/core/environment.hpp>
#include <perron/supervisors/core/restart_pace.hpp>
#include <perron/supervisors/restart_intensity.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace perron::supervisors::core {

/// The decisions of a supervisor whose children have ids, without a process: children in order of start, and
/// what is to be done when one ends or somebody asks. otp-semantics 5.2 to 5.7.
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
/// A child with a back-off is `restarting` from its crash until the wait is over.
class supervision final : public child_table {
public:
  supervision(const supervisor_options& options, environment& world);
  supervision(const supervision&) = delete;
  supervision& operator=(const supervision&) = delete;

  /// Starts the static children; they have been checked. If one fails, all are ended again.
  runtime::result<void> start_all(std::vector<child_spec> specs) override;

  verdict child_ended(runtime::pid who, const runtime::exit_reason& why) override;
  verdict retry(std::uint64_t ticket) override;

  answer start_child(child_spec spec) override;
  answer start_child(arguments given) override;
  answer terminate_child(std::string_view id) override;
  answer terminate_child(runtime::pid child) override;
  answer restart_child(std::string_view id) override;
  answer delete_child(std::string_view id) override;
  std::vector<child_info> which_children() const override;
  child_page which_children(page wanted) const override;
  child_counts count_children() const override;
  const child_spec* spec_of(std::string_view id) const override;
  const child_spec* spec_of(runtime::pid child) const override;

  /// The last one started is ended first.
  void stop_all() override;

private:
  struct child_record {
    child_spec spec;
    std::uint64_t serial; ///< grows along the list
    runtime::pid who{};
    child_info::state_type state = child_info::state_type::stopped;
    bool admitted = false;    ///< restarting: the intensity has counted it, only the back-off is waited for
    std::uint64_t ticket = 0; ///< restarting: of the retry that was asked for last
    restart_pace pace{};
  };
  using children = std::list<child_record>;
  using position = children::iterator;

  position add(child_spec spec);
  void forget(position at);
  void runs(position at, runtime::pid who);
  void stopped(position at);
  void await_retry(position at, std::chrono::milliseconds wait, bool admitted);
  position find(std::string_view id);
  runtime::result<started> try_start(position at);

  verdict restart(position failed, runtime::pid was);
  void start_again(position failed, runtime::pid was);
  position first_of_group(position failed);
  void end_group(position failed);
  void start_group(position failed);
  void fails_to_restart(position at, const runtime::error& why, runtime::pid was);

  void terminate(position at);
  /// Ends a child that is down until somebody starts it; a temporary one is forgotten. Gives what stands
  /// behind.
  position let_go(position at);
  bool ends_all(const child_spec& ended) const;
  void tell(report::context what, const runtime::exit_reason& why, position offender, runtime::pid who);
  static child_info info_of(const child_record& child);

  environment& world_;
  strategy_type strategy_;
  auto_shutdown_type auto_shutdown_;
  restart_intensity intensity_;
  children children_;                                    ///< in order of start
  std::unordered_map<std::string_view, position> by_id_; ///< views of the specs' ids
  std::unordered_map<runtime::pid, position> by_pid_;
  std::unordered_map<std::uint64_t, std::string>
      retries_; ///< ids by ticket, of retries that have not come yet
  std::uint64_t last_serial_ = 0;
  std::uint64_t last_ticket_ = 0;
};

} // namespace perron::supervisors::core
