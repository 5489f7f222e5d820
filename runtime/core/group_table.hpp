// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace perron::runtime::core {

/// Named groups of processes (OTP pg). A process may join a group several times and then has to leave it as
/// often; it leaves all of them when it ends, before anyone is told of its death. Watchers of a group are
/// told of each join and leave. Any thread; one lock. Joining and leaving cost the same however many members
/// there are.
class group_table {
public:
  void join(const std::string& group, pid who);
  bool leave(std::string_view group, pid who);
  void forget(pid who);
  std::vector<pid> members(std::string_view group) const;
  std::vector<std::string> groups() const;

  void watch(const std::string& group, pid watcher);
  void unwatch(std::string_view group, pid watcher);

private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  struct place {
    std::uint64_t number = 0; ///< grows from one to the next
    pid who;                  ///< empty: it has left
  };
  struct group_state {
    std::vector<place> places; ///< in the order of joining
    std::size_t left = 0;      ///< those of whom have left; at most half of them, or a few
    std::vector<pid> watchers;

    bool has_members() const noexcept { return places.size() > left; }
    void leave(std::uint64_t number);
  };
  struct membership {
    std::string group;
    std::uint64_t number = 0; ///< of its place
  };
  using table = std::unordered_map<std::string, group_state, text_hash, std::equal_to<>>;

  void leave_place(const membership& gone, pid who);
  void tell(const group_state& group, const std::string& name, pid who, bool joined);
  void drop_if_empty(table::iterator it);

  mutable std::mutex lock_;
  table groups_;
  std::uint64_t last_place_ = 0;
  std::unordered_map<std::uint64_t, std::vector<membership>> by_member_;
  std::unordered_map<std::uint64_t, std::vector<std::string>> by_watcher_;
};

} // namespace perron::runtime::core
