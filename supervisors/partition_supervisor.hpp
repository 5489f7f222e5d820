// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

/// A process that everybody talks to, split into several that are alike: each serves a part of the keys, or
/// the processes of one worker. Elixir: PartitionSupervisor. Take it when one server or dynamic supervisor
/// cannot keep up; it does nothing for one that can.
namespace perron::supervisors {

/// How a partition supervisor works; it is a one_for_one supervisor.
struct partition_options {
  std::string name{};         ///< registered, and what partition() finds it by; must be given
  std::size_t partitions = 0; ///< 0: one per worker
  std::uint32_t intensity = 1;
  std::chrono::seconds period{5};
  report_sink reports{};
};

/// Makes the spec of one partition; its id is replaced by the number.
using partition_maker = std::function<child_spec(std::size_t number)>;

/// Starts a supervisor and its partitions, linked to the caller, which must be a process:
///
///     start_partition_supervisor({.name = "counters"}, [](std::size_t) { return server_child<counter>("");
///     }); call(partition("counters", user), add{1});
///
/// Partitions may be supervisors: a dynamic_supervisor_child in each spreads the starting of children.
runtime::result<runtime::pid> start_partition_supervisor(partition_options options, partition_maker make);

/// A child that is itself a partition supervisor.
child_spec partition_supervisor_child(std::string id, partition_options options, partition_maker make);

/// How many partitions there are; 0 if there is no such supervisor. Any thread.
std::size_t partition_count(std::string_view name);
/// Partition number `number` modulo their count. Empty if there is no such supervisor; of a process that has
/// ended while the partition is being restarted. Any thread. About 50 ns.
runtime::pid partition_at(std::string_view name, std::size_t number);
/// The partition that serves the worker the calling process runs on. Only from a process.
runtime::pid partition(std::string_view name);
/// The partition that serves a key: always the same for the same key and count. Any thread.
template <class Key>
runtime::pid partition(std::string_view name, const Key& key) {
  if constexpr (std::convertible_to<const Key&, std::string_view>)
    return partition_at(name, std::hash<std::string_view>{}(key));
  else
    return partition_at(name, std::hash<Key>{}(key));
}

} // namespace perron::supervisors
