// SPDX-License-Identifier: BSD-3-Clause
#include "conformance/supervision/recorder.hpp"

#include <perron/runtime/process.hpp>

#include <algorithm>

namespace perron::conformance {

using runtime::pid;

std::string recorder::runs(const std::string& name, pid who, pid parent) {
  const std::string full = name + '#' + std::to_string(++runs_[name]);
  lives_[who] = {full, parent};
  pids_[full] = who;
  pids_[name] = who;
  return full;
}

std::string recorder::name(pid who) const {
  if (!who)
    return "-";
  const auto at = lives_.find(who);
  return at == lives_.end() ? "nobody" : at->second.name;
}

pid recorder::find(std::string_view name) const {
  const auto at = pids_.find(std::string(name));
  return at == pids_.end() ? pid() : at->second;
}

pid recorder::parent(pid who) const {
  const auto at = lives_.find(who);
  return at == lives_.end() ? pid() : at->second.parent;
}

std::vector<pid> recorder::left() const {
  std::vector<pid> out;
  for (const auto& [who, what] : lives_)
    if (runtime::alive(who))
      out.push_back(who);
  std::sort(out.begin(), out.end(), [&](pid a, pid b) { return name(a) < name(b); });
  return out;
}

} // namespace perron::conformance
