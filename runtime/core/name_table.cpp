// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/name_table.hpp>

namespace perron::runtime::core {

bool name_table::add(const std::string& name, pid who) {
  shard& s = of(name);
  const std::lock_guard hold(s.lock);
  if (s.by_name.contains(name))
    return false;
  reverse_shard& r = of(who);
  const std::lock_guard hold_reverse(r.lock);
  if (!r.by_id.emplace(who.id(), name).second)
    return false;
  s.by_name.emplace(name, who);
  return true;
}

bool name_table::remove(std::string_view name) {
  shard& s = of(name);
  const std::lock_guard hold(s.lock);
  const auto it = s.by_name.find(name);
  if (it == s.by_name.end())
    return false;
  reverse_shard& r = of(it->second);
  const std::lock_guard hold_reverse(r.lock);
  r.by_id.erase(it->second.id());
  s.by_name.erase(it);
  return true;
}

void name_table::forget(pid who) {
  const std::string name = name_of(who);
  if (name.empty())
    return;
  shard& s = of(name);
  const std::lock_guard hold(s.lock);
  const auto it = s.by_name.find(name);
  if (it == s.by_name.end() || it->second != who)
    return;
  reverse_shard& r = of(who);
  const std::lock_guard hold_reverse(r.lock);
  r.by_id.erase(who.id());
  s.by_name.erase(it);
}

pid name_table::find(std::string_view name) const {
  const shard& s = of(name);
  const std::lock_guard hold(s.lock);
  const auto it = s.by_name.find(name);
  return it == s.by_name.end() ? pid() : it->second;
}

std::string name_table::name_of(pid who) const {
  const reverse_shard& r = of(who);
  const std::lock_guard hold(r.lock);
  const auto it = r.by_id.find(who.id());
  return it == r.by_id.end() ? std::string() : it->second;
}

std::vector<std::pair<std::string, pid>> name_table::all() const {
  std::vector<std::pair<std::string, pid>> out;
  for (const shard& s : names_) {
    const std::lock_guard hold(s.lock);
    out.insert(out.end(), s.by_name.begin(), s.by_name.end());
  }
  return out;
}

} // namespace perron::runtime::core
