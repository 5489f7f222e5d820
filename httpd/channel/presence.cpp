// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/presence.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace perron::httpd {

presence_table::outcome presence_table::join(holder who, const std::string& client, presence_member wanted,
                                             bool unique) {
  const auto there = members_.find(wanted.key);
  if (there != members_.end() && unique && there->second.client != client)
    return outcome::taken;
  if (there == members_.end() && members_.size() >= most_members_)
    return outcome::full;
  if (const auto before = held_.find(who); before != held_.end() && before->second != wanted.key)
    leave(who);

  const bool is_new = there == members_.end();
  member& m = members_[wanted.key];
  const bool changed = is_new || m.meta != wanted.meta;
  if (is_new)
    m.client = client;
  m.meta = std::move(wanted.meta);
  m.generation = ++generations_;
  if (held_.emplace(who, wanted.key).second)
    m.holders.push_back(who);
  if (changed)
    note(wanted.key);
  return outcome::joined;
}

void presence_table::leave(holder who) {
  if (const auto key = let_go(who))
    drop(*key);
}

std::optional<presence_table::grace> presence_table::lost(holder who) {
  const auto key = let_go(who);
  if (!key)
    return std::nullopt;
  return grace{*key, members_[*key].generation};
}

std::vector<presence_table::grace> presence_table::lost_life(std::uint64_t life) {
  std::vector<holder> its;
  for (const auto& [who, key] : held_)
    if (who.life == life)
      its.push_back(who);
  std::vector<grace> out;
  for (const holder& who : its)
    if (auto absence = lost(who))
      out.push_back(std::move(*absence));
  return out;
}

bool presence_table::is_absent(const grace& whose) const {
  const auto there = members_.find(whose.key);
  return there != members_.end() && there->second.holders.empty() &&
         there->second.generation == whose.generation;
}

void presence_table::grace_over(const grace& whose) {
  if (is_absent(whose))
    drop(whose.key);
}

std::vector<presence_table::kept> presence_table::all() const {
  std::vector<kept> out;
  out.reserve(members_.size());
  for (const auto& [key, m] : members_)
    out.push_back({{key, m.meta}, m.client, m.holders, m.generation});
  std::sort(out.begin(), out.end(), [](const kept& a, const kept& b) { return a.who.key < b.who.key; });
  return out;
}

void presence_table::restore(std::vector<kept> members, std::uint64_t generations) {
  members_.clear();
  held_.clear();
  for (kept& m : members) {
    for (const holder& who : m.holders)
      held_.emplace(who, m.who.key);
    members_.emplace(std::move(m.who.key),
                     member{std::move(m.who.meta), std::move(m.client), std::move(m.holders), m.generation});
  }
  generations_ = generations;
  restate();
}

std::optional<std::string> presence_table::let_go(holder who) {
  const auto held = held_.find(who);
  if (held == held_.end())
    return std::nullopt;
  std::string key = std::move(held->second);
  held_.erase(held);
  member& m = members_[key];
  std::erase(m.holders, who);
  return m.holders.empty() ? std::optional(std::move(key)) : std::nullopt;
}

void presence_table::drop(const std::string& key) {
  note(key);
  members_.erase(members_.find(key)); // not by the key, which may be the one that goes
}

void presence_table::note(const std::string& key) {
  ++version_;
  changed_.push_back(key);
  if (changed_.size() > most_changes_)
    changed_.pop_front();
}

presence_change_ptr presence_table::since(std::uint64_t version, bool settled) {
  if (made_ && made_from_ == version && made_->to == version_ && made_->settled == settled)
    return made_;
  auto change = std::make_shared<presence_change>();
  change->to = version_;
  change->settled = settled;
  change->full = version == 0 || version > version_ || version_ - version > changed_.size();
  if (change->full) {
    change->joined.reserve(members_.size());
    for (const auto& [key, m] : members_)
      change->joined.push_back({key, m.meta});
    std::sort(change->joined.begin(), change->joined.end(),
              [](const presence_member& a, const presence_member& b) { return a.key < b.key; });
  } else {
    std::unordered_set<std::string> told;
    for (auto at = changed_.end() - static_cast<std::ptrdiff_t>(version_ - version); at != changed_.end();
         ++at) {
      if (!told.insert(*at).second)
        continue;
      const auto there = members_.find(*at);
      if (there != members_.end())
        change->joined.push_back({*at, there->second.meta});
      else
        change->left.push_back(*at);
    }
  }
  made_ = change;
  made_from_ = version;
  return change;
}

} // namespace perron::httpd
