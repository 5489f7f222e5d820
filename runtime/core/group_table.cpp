// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/group_table.hpp>

#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/group.hpp>

#include <algorithm>

namespace perron::runtime::core {

void group_table::tell(const group_state& group, const std::string& name, pid who, bool joined) {
  for (const pid watcher : group.watchers)
    push_mail(watcher, make_envelope<group_change>(envelope_kind::mail, group_change{name, who, joined}));
}

void group_table::drop_if_empty(table::iterator it) {
  if (it->second.members.empty() && it->second.watchers.empty())
    groups_.erase(it);
}

void group_table::join(const std::string& group, pid who) {
  const std::lock_guard hold(lock_);
  group_state& g = groups_[group];
  g.members.push_back(who);
  by_member_[who.id()].push_back(group);
  tell(g, group, who, true);
}

bool group_table::leave(std::string_view group, pid who) {
  const std::lock_guard hold(lock_);
  const auto it = groups_.find(group);
  if (it == groups_.end())
    return false;
  auto& members = it->second.members;
  const auto at = std::find(members.begin(), members.end(), who);
  if (at == members.end())
    return false;
  members.erase(at);
  auto& own = by_member_[who.id()];
  own.erase(std::find(own.begin(), own.end(), group));
  tell(it->second, it->first, who, false);
  drop_if_empty(it);
  return true;
}

void group_table::forget(pid who) {
  const std::lock_guard hold(lock_);
  if (const auto own = by_member_.find(who.id()); own != by_member_.end()) {
    for (const std::string& name : own->second) {
      const auto it = groups_.find(name);
      auto& members = it->second.members;
      members.erase(std::find(members.begin(), members.end(), who));
      tell(it->second, it->first, who, false);
      drop_if_empty(it);
    }
    by_member_.erase(own);
  }
  for (auto it = groups_.begin(); it != groups_.end();) {
    std::erase(it->second.watchers, who);
    const auto next = std::next(it);
    drop_if_empty(it);
    it = next;
  }
}

std::vector<pid> group_table::members(std::string_view group) const {
  const std::lock_guard hold(lock_);
  const auto it = groups_.find(group);
  return it == groups_.end() ? std::vector<pid>() : it->second.members;
}

std::vector<std::string> group_table::groups() const {
  const std::lock_guard hold(lock_);
  std::vector<std::string> names;
  for (const auto& [name, g] : groups_)
    if (!g.members.empty())
      names.push_back(name);
  return names;
}

void group_table::watch(const std::string& group, pid watcher) {
  const std::lock_guard hold(lock_);
  groups_[group].watchers.push_back(watcher);
}

void group_table::unwatch(std::string_view group, pid watcher) {
  const std::lock_guard hold(lock_);
  const auto it = groups_.find(group);
  if (it == groups_.end())
    return;
  std::erase(it->second.watchers, watcher);
  drop_if_empty(it);
}

} // namespace perron::runtime::core
