// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>

#include <cstddef>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace perron::supervisors::core {

/// Who the partitions of one partition supervisor are now. Lives as long as its start functions do. Any
/// thread:
///
/// | field    | who may touch it, when                                              |
/// |----------|---------------------------------------------------------------------|
/// | pids_    | written by the supervisor with lock_ held, read by all with it shared |
/// | the rest | not changed                                                         |
class partition_table {
public:
  explicit partition_table(std::size_t count) : pids_(count) {}

  std::size_t size() const noexcept { return pids_.size(); }
  void put(std::size_t number, runtime::pid who);
  runtime::pid at(std::size_t number) const;

  /// Makes it the table of this name; a former one is no longer found.
  static void publish(const std::string& name, const std::shared_ptr<partition_table>& table);
  /// Null if there is none, or its supervisor has ended.
  static std::shared_ptr<const partition_table> find(std::string_view name);

private:
  mutable std::shared_mutex lock_;
  std::vector<runtime::pid> pids_;
};

} // namespace perron::supervisors::core
