// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/covers.hpp>

#include <optional>

namespace perron::httpd::program {

void covers::set_up(unsigned node, bool is_up) {
  up_[node] = is_up;
  if (!is_up)
    for (auto& [address, nodes] : full_)
      nodes.erase(node);
}

void covers::set_full(unsigned node, std::string_view address, bool is_full) {
  auto at = full_.find(address);
  if (at == full_.end()) {
    if (!is_full)
      return;
    at = full_.emplace(address, full_ones{}).first;
  }
  if (is_full)
    at->second.insert(node);
  else
    at->second.erase(node);
  if (at->second.empty())
    full_.erase(at);
}

std::vector<unsigned> covers::of(unsigned self, std::string_view address) const {
  const auto at = full_.find(address);
  const auto is_full = [&](unsigned node) { return at != full_.end() && at->second.contains(node); };
  // from behind `node` round to before it
  const auto next_of = [&](unsigned node, const auto& suits) {
    std::optional<unsigned> first;
    for (const auto& [each, is_up] : up_)
      if (each != node && is_up && suits(each) && (!first || (*first < node && each > node)))
        first = each;
    return first;
  };
  std::vector<unsigned> out;
  for (const auto& [node, is_up] : up_) {
    if (node == self || (is_up && !is_full(node)))
      continue;
    auto heir = next_of(node, [&](unsigned each) { return !is_full(each); });
    if (!heir && !is_up)
      heir = next_of(node, [](unsigned) { return true; });
    if (heir == self)
      out.push_back(node);
  }
  return out;
}

} // namespace perron::httpd::program
