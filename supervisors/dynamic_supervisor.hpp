// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/supervisor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

/// Supervisors whose children all come and go by calls, named by their pids: rooms, sessions, downloads.
/// Elixir: DynamicSupervisor. For a fixed set of children take a supervisor; for children that are all alike
/// one with simple_one_for_one will do. All functions here are to be called by a process.
namespace perron::supervisors {

/// How a dynamic supervisor works; as supervisor_options where nothing else is said.
struct dynamic_options {
  std::string name{};
  /// Children there may be, those about to be restarted included; more are refused as answer max_children.
  std::size_t max_children = std::numeric_limits<std::size_t>::max();
  std::uint32_t intensity = 1;
  std::chrono::seconds period{5};
  report_sink reports{};
  std::function<std::int64_t()> clock{};
};

/// Starts a dynamic supervisor without children, linked to the caller. The calls of supervisor.hpp serve it:
///
///     const pid rooms = start_dynamic_supervisor({.name = "rooms", .max_children = 10'000}).value();
///     const answer room = start_child(rooms, server_child<chat_room>("", "lobby"));
///     terminate_child(rooms, room.who);
///
/// Ids mean nothing and may be empty or repeated. A child that does not come back is forgotten, whatever its
/// restart type; a start that is ignored leaves nothing. Each child is restarted by itself. When it stops it
/// tells all children at once, and kills those whose time is over; so a million end within one shutdown time.
/// While it starts or ends one child it serves nobody else.
///
/// Costs, besides the child, about 300 bytes each; starting, ending and counting do not depend on the number.
runtime::result<runtime::pid> start_dynamic_supervisor(dynamic_options options = {});

/// A child that is itself a dynamic supervisor.
child_spec dynamic_supervisor_child(child_spec spec, dynamic_options options = {});
child_spec dynamic_supervisor_child(std::string id, dynamic_options options = {});

} // namespace perron::supervisors
