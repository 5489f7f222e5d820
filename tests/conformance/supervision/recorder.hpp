// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace perron::conformance {

/// The trace of one scenario, and who is who in it. Not synchronised: all its processes are on one worker.
class recorder {
public:
  void note(std::string line) { lines_.push_back(std::move(line)); }
  std::size_t size() const noexcept { return lines_.size(); }
  const std::vector<std::string>& lines() const noexcept { return lines_; }

  /// How often a start of this name was tried, this one included.
  std::size_t count_start(const std::string& name) { return ++starts_[name]; }

  /// A process has started under a name; gives its full name, like "a#2". `parent` is its supervisor.
  std::string runs(const std::string& name, runtime::pid who, runtime::pid parent = {});
  /// "a#2"; "-" without a process.
  std::string name(runtime::pid who) const;
  /// The process of a full name, or the newest of a plain one; empty if there is none.
  runtime::pid find(std::string_view name) const;
  runtime::pid parent(runtime::pid who) const;

  void unlinked(runtime::pid who) { unlinked_.insert(who); }
  bool is_unlinked(runtime::pid who) const { return unlinked_.contains(who); }

  /// Those that are still alive, by name.
  std::vector<runtime::pid> left() const;

private:
  struct life {
    std::string name;
    runtime::pid parent;
  };

  std::vector<std::string> lines_;
  std::unordered_map<std::string, std::size_t> starts_;
  std::unordered_map<std::string, std::size_t> runs_;
  std::unordered_map<runtime::pid, life> lives_;
  std::unordered_map<std::string, runtime::pid> pids_;
  std::unordered_set<runtime::pid> unlinked_;
};

} // namespace perron::conformance
