// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/envelope.hpp>
#include <perron/runtime/pid.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perron::runtime::core {

/// One tie of a process to another one: a link, or one end of a monitor.
struct relation {
  pid who;
  std::uint64_t ref = 0; ///< unique in the node
  bool is_call = false;  ///< a watcher that waits for the answer to a call, not for a down message
};

/// The ties of one kind that a process has. Few are searched in a row; past a bound an index by reference is
/// kept, so that a supervisor of a million children finds each of them at once, and from the first search by
/// process on an index by that as well. Owner only.
class relation_table {
public:
  void add(relation r) {
    if (!index_ && rows_.size() >= indexed_from)
      build_index();
    if (index_) {
      index_->by_ref.emplace(r.ref, rows_.size());
      if (index_->has_by_who)
        index_->by_who.emplace(r.who.id(), r.ref);
    }
    rows_.push_back(r);
  }

  std::optional<relation> remove(std::uint64_t ref) {
    const std::size_t at = find(ref);
    if (at == rows_.size())
      return std::nullopt;
    return remove_at(at);
  }

  bool contains(std::uint64_t ref) const { return find(ref) != rows_.size(); }

  /// One of the ties to `who`, if there are any.
  std::optional<relation> remove_any(pid who) {
    const std::size_t at = find_tie_to(who);
    if (at == rows_.size())
      return std::nullopt;
    return remove_at(at);
  }

  bool contains_tie_to(pid who) { return find_tie_to(who) != rows_.size(); }

  const std::vector<relation>& rows() const noexcept { return rows_; }
  bool empty() const noexcept { return rows_.empty(); }

private:
  static constexpr std::size_t indexed_from = 48;

  struct indexes {
    std::unordered_map<std::uint64_t, std::size_t> by_ref;
    std::unordered_multimap<std::uint64_t, std::uint64_t> by_who; ///< refs
    bool has_by_who = false;
  };

  std::size_t find(std::uint64_t ref) const {
    if (index_) {
      const auto it = index_->by_ref.find(ref);
      return it == index_->by_ref.end() ? rows_.size() : it->second;
    }
    for (std::size_t i = rows_.size(); i-- > 0;)
      if (rows_[i].ref == ref)
        return i;
    return rows_.size();
  }

  std::size_t find_tie_to(pid who) {
    if (!index_) {
      for (std::size_t i = rows_.size(); i-- > 0;)
        if (rows_[i].who == who)
          return i;
      return rows_.size();
    }
    if (!std::exchange(index_->has_by_who, true))
      for (const relation& r : rows_)
        index_->by_who.emplace(r.who.id(), r.ref);
    const auto it = index_->by_who.find(who.id());
    return it == index_->by_who.end() ? rows_.size() : find(it->second);
  }

  void forget_who(const relation& gone) {
    const auto [first, last] = index_->by_who.equal_range(gone.who.id());
    const auto it = std::find_if(first, last, [&](const auto& each) { return each.second == gone.ref; });
    if (it != last)
      index_->by_who.erase(it);
  }

  relation remove_at(std::size_t at) {
    const relation gone = rows_[at];
    const relation& last = rows_.back();
    if (index_) {
      if (last.ref != gone.ref)
        index_->by_ref[last.ref] = at;
      index_->by_ref.erase(gone.ref);
      if (index_->has_by_who)
        forget_who(gone);
    }
    rows_[at] = last;
    rows_.pop_back();
    if (index_ && rows_.empty())
      index_.reset();
    return gone;
  }

  void build_index() {
    index_ = std::make_unique<indexes>();
    for (std::size_t i = 0; i < rows_.size(); ++i)
      index_->by_ref.emplace(rows_[i].ref, i);
  }

  std::vector<relation> rows_;
  std::unique_ptr<indexes> index_;
};

/// The calls of a process that are under way beside its own waiting, by number, each with its answer as soon
/// as that has come. Owner only.
class open_requests {
public:
  open_requests() = default;
  open_requests(const open_requests&) = delete;
  open_requests& operator=(const open_requests&) = delete;
  ~open_requests() {
    for (const auto& [ref, answer] : answers_)
      if (answer != nullptr)
        destroy(answer);
  }

  void add(std::uint64_t ref) { answers_.emplace(ref, nullptr); }
  /// Takes the answer; false if nobody waits for it, or has one already.
  bool keep(std::uint64_t ref, envelope* answer) {
    const auto at = answers_.find(ref);
    if (at == answers_.end() || at->second != nullptr)
      return false;
    at->second = answer;
    return true;
  }
  bool is_answered(std::uint64_t ref) const {
    const auto at = answers_.find(ref);
    return at != answers_.end() && at->second != nullptr;
  }
  /// Forgets the request and gives its answer, null if there is none.
  envelope* remove(std::uint64_t ref) noexcept {
    const auto at = answers_.find(ref);
    if (at == answers_.end())
      return nullptr;
    envelope* answer = at->second;
    answers_.erase(at);
    return answer;
  }

private:
  std::unordered_map<std::uint64_t, envelope*> answers_;
};

/// All ties of a process; made when the first one is.
struct relations {
  relation_table links;    ///< ref is the number that whoever linked gave to the link, the same at both ends
  relation_table monitors; ///< whom this process watches
  relation_table watchers; ///< who watches this process; ref is the watcher's
  std::vector<relation> waiting_for_room;
  std::unique_ptr<open_requests> requests; ///< made with the first one
  bool asked_for_link = false; ///< link() was called here, so the other side may have asked as well
};

} // namespace perron::runtime::core
