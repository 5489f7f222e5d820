// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/partition_table.hpp>

#include <functional>
#include <map>
#include <mutex>

namespace perron::supervisors::core {
namespace {

struct directory {
  std::shared_mutex lock;
  std::map<std::string, std::weak_ptr<partition_table>, std::less<>> tables; ///< guarded by lock
};

directory& all() {
  static directory one;
  return one;
}

} // namespace

void partition_table::put(std::size_t number, runtime::pid who) {
  const std::lock_guard hold(lock_);
  pids_[number] = who;
}

runtime::pid partition_table::at(std::size_t number) const {
  const std::shared_lock hold(lock_);
  return pids_[number % pids_.size()];
}

void partition_table::publish(const std::string& name, const std::shared_ptr<partition_table>& table) {
  const std::lock_guard hold(all().lock);
  std::erase_if(all().tables, [](const auto& each) { return each.second.expired(); });
  all().tables[name] = table;
}

std::shared_ptr<const partition_table> partition_table::find(std::string_view name) {
  const std::shared_lock hold(all().lock);
  const auto it = all().tables.find(name);
  return it == all().tables.end() ? nullptr : it->second.lock();
}

} // namespace perron::supervisors::core
