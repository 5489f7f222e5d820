// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace perron::supervisors::core {

/// What is known of a process of a supervision tree and of those below it: what is drawn.
struct tree_node {
  std::string id{};   ///< in its supervisor; empty if it has none there
  runtime::pid who{}; ///< empty if no process runs
  std::string name{}; ///< registered; empty if it has none
  child_info::state_type state = child_info::state_type::running;
  std::optional<restart_type> restart{}; ///< empty if it is not known, as of the root

  bool supervisor = false;
  std::string strategy{};            ///< of a supervisor
  bool answers = true;               ///< false: a supervisor that was asked and said nothing in time
  std::vector<tree_node> children{}; ///< in the order drawn
  std::size_t more = 0;              ///< further children, which are only counted
};

/// The tree as text, a line for each process, the last one with its newline. Lines are cut after `width`
/// characters. Control characters of ids and names are escaped. No process needed.
std::string tree_text(const tree_node& top, std::size_t width);

/// "99,990".
std::string with_commas(std::size_t number);

} // namespace perron::supervisors::core
