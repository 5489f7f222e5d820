// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/supervisor.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace perron::supervisors::core {

/// Whether the supervisor goes on or ends with reason shutdown.
enum class verdict : std::uint8_t { go_on, stop };

/// What a supervisor's process asks of the decisions behind it, whatever kind they are of. One thread at a
/// time.
class child_table {
public:
  virtual ~child_table() = default;

  /// Starts the children that are there from the beginning; the specs have been checked.
  virtual runtime::result<void> start_all(std::vector<child_spec> specs) = 0;

  /// A linked process has ended by itself.
  virtual verdict child_ended(runtime::pid who, const runtime::exit_reason& why) = 0;
  /// What environment::retry_later asked for; nothing if the child is no longer restarting.
  virtual verdict retry(std::uint64_t ticket) = 0;

  virtual answer start_child(child_spec spec) = 0;
  virtual answer start_child(arguments given) = 0;
  virtual answer terminate_child(std::string_view id) = 0;
  virtual answer terminate_child(runtime::pid child) = 0;
  virtual answer restart_child(std::string_view id) = 0;
  virtual answer delete_child(std::string_view id) = 0;
  virtual std::vector<child_info> which_children() const = 0;
  virtual child_page which_children(page wanted) const = 0;
  virtual child_counts count_children() const = 0;
  /// Null: not found.
  virtual const child_spec* spec_of(std::string_view id) const = 0;
  virtual const child_spec* spec_of(runtime::pid child) const = 0;

  /// Ends all children and forgets them.
  virtual void stop_all() = 0;
};

} // namespace perron::supervisors::core
