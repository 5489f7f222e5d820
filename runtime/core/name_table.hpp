// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perron::runtime::core {

/// Names of processes: any string, one process each; a process has at most one name, as in Erlang. A dying
/// process leaves before anyone is told of its death. Any thread; sharded locks.
class name_table {
public:
  /// False if the name is taken or the process has one already.
  bool add(const std::string& name, pid who);
  bool remove(std::string_view name);
  void forget(pid who);
  pid find(std::string_view name) const;
  /// Empty if it has none.
  std::string name_of(pid who) const;
  std::vector<std::pair<std::string, pid>> all() const;

private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  struct alignas(64) shard {
    mutable std::mutex lock;
    std::unordered_map<std::string, pid, text_hash, std::equal_to<>> by_name;
  };
  struct alignas(64) reverse_shard {
    mutable std::mutex lock;
    std::unordered_map<std::uint64_t, std::string> by_id;
  };
  static constexpr std::size_t shards = 16;

  shard& of(std::string_view name) const noexcept { return names_[text_hash{}(name) % shards]; }
  reverse_shard& of(pid who) const noexcept { return ids_[who.id() % shards]; }

  // a name's shard is always locked before the shard of its process
  mutable std::array<shard, shards> names_;
  mutable std::array<reverse_shard, shards> ids_;
};

} // namespace perron::runtime::core
