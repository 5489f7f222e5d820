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
  if (!it->second.has_members() && it->second.watchers.empty())
    groups_.erase(it);
}

void group_table::group_state::leave(std::uint64_t number) {
  const auto at = std::lower_bound(places.begin(), places.end(), number,
                                   [](const place& p, std::uint64_t n) { return p.number < n; });
  at->who = {};
  ++left;
  constexpr std::size_t few = 16;
  if (left > few && left > places.size() / 2) {
    std::erase_if(places, [](const place& p) { return !p.who; });
    left = 0;
  }
}

void group_table::join(const std::string& group, pid who) {
  const std::lock_guard hold(lock_);
  group_state& g = groups_[group];
  g.places.push_back({++last_place_, who});
  by_member_[who.id()].push_back({group, last_place_});
  tell(g, group, who, true);
}

void group_table::leave_place(const membership& gone, pid who) {
  const auto it = groups_.find(gone.group);
  it->second.leave(gone.number);
  tell(it->second, it->first, who, false);
  drop_if_empty(it);
}

bool group_table::leave(std::string_view group, pid who) {
  const std::lock_guard hold(lock_);
  const auto own = by_member_.find(who.id());
  if (own == by_member_.end())
    return false;
  const auto at = std::find_if(own->second.begin(), own->second.end(),
                               [&](const membership& m) { return m.group == group; });
  if (at == own->second.end())
    return false;
  const membership gone = std::move(*at);
  own->second.erase(at);
  if (own->second.empty())
    by_member_.erase(own);
  leave_place(gone, who);
  return true;
}

void group_table::forget(pid who) {
  const std::lock_guard hold(lock_);
  if (const auto watched = by_watcher_.extract(who.id()))
    for (const std::string& name : watched.mapped())
      if (const auto it = groups_.find(name); it != groups_.end()) {
        std::erase(it->second.watchers, who);
        drop_if_empty(it);
      }
  if (const auto own = by_member_.extract(who.id()))
    for (const membership& gone : own.mapped())
      leave_place(gone, who);
}

std::vector<pid> group_table::members(std::string_view group) const {
  const std::lock_guard hold(lock_);
  std::vector<pid> all;
  if (const auto it = groups_.find(group); it != groups_.end()) {
    all.reserve(it->second.places.size() - it->second.left);
    for (const place& p : it->second.places)
      if (p.who)
        all.push_back(p.who);
  }
  return all;
}

std::vector<std::string> group_table::groups() const {
  const std::lock_guard hold(lock_);
  std::vector<std::string> names;
  for (const auto& [name, g] : groups_)
    if (g.has_members())
      names.push_back(name);
  return names;
}

void group_table::watch(const std::string& group, pid watcher) {
  const std::lock_guard hold(lock_);
  groups_[group].watchers.push_back(watcher);
  by_watcher_[watcher.id()].push_back(group);
}

void group_table::unwatch(std::string_view group, pid watcher) {
  const std::lock_guard hold(lock_);
  const auto own = by_watcher_.find(watcher.id());
  if (own == by_watcher_.end())
    return;
  std::erase_if(own->second, [&](const std::string& name) { return name == group; });
  if (own->second.empty())
    by_watcher_.erase(own);
  const auto it = groups_.find(group);
  if (it == groups_.end())
    return;
  std::erase(it->second.watchers, watcher);
  drop_if_empty(it);
}

} // namespace perron::runtime::core
