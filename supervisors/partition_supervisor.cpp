// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/partition_supervisor.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/supervisors/core/partition_table.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace perron::supervisors {

using core::partition_table;
using runtime::pid;
using runtime::result;

namespace {

/// Starts one partition and says who it is now.
struct partition_start {
  std::string name;
  std::shared_ptr<partition_table> table;
  std::size_t number;
  start_function inner;

  result<started> operator()() const {
    result<started> made = inner();
    if (made)
      table->put(number, made->who);
    // only now, as a start under a name that is taken does not come this far
    if (number == 0)
      partition_table::publish(name, table);
    return made;
  }
};

} // namespace

result<pid> start_partition_supervisor(partition_options options, partition_maker make) {
  if (options.name.empty())
    return runtime::error{"missing_name: a partition supervisor is found by its name"};
  const std::size_t count =
      options.partitions != 0 ? options.partitions : runtime::detail::current_scheduler().workers.size();
  const auto table = std::make_shared<partition_table>(count);
  std::vector<child_spec> children;
  children.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    child_spec spec = make(i);
    spec.id = std::to_string(i);
    if (spec.start) // check() says what is wrong with one without
      spec.start = partition_start{options.name, table, i, std::move(spec.start)};
    children.push_back(std::move(spec));
  }
  return start_supervisor({.name = std::move(options.name),
                           .intensity = options.intensity,
                           .period = options.period,
                           .reports = std::move(options.reports)},
                          std::move(children));
}

child_spec partition_supervisor_child(std::string id, partition_options options, partition_maker make) {
  child_spec spec = detail::with_id(std::move(id));
  spec.type = child_type::supervisor;
  spec.start = [options = std::move(options), make = std::move(make)] {
    return start_partition_supervisor(options, make);
  };
  return spec;
}

std::size_t partition_count(std::string_view name) {
  const auto table = partition_table::find(name);
  return table ? table->size() : 0;
}

pid partition_at(std::string_view name, std::size_t number) {
  const auto table = partition_table::find(name);
  return table ? table->at(number) : pid();
}

pid partition(std::string_view name) {
  static_cast<void>(runtime::detail::current()); // throws outside of a process
  std::size_t worker = 0;
  {
    const runtime::core::inside engine;
    if (const runtime::core::worker* own = engine.own(); own != nullptr)
      worker = own->index;
  }
  return partition_at(name, worker);
}

} // namespace perron::supervisors
