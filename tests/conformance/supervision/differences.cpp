// SPDX-License-Identifier: BSD-3-Clause
#include "conformance/supervision/differences.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace perron::conformance {

bool difference::apply(std::vector<std::string>& trace) const {
  const auto found = std::search(trace.begin(), trace.end(), otp.begin(), otp.end());
  if (otp.empty() || found == trace.end())
    return false;
  const auto behind = trace.erase(found, found + static_cast<std::ptrdiff_t>(otp.size()));
  trace.insert(behind, perron.begin(), perron.end());
  return true;
}

std::vector<difference> read_differences(const std::string& path) {
  constexpr std::string_view head = "difference ";
  constexpr std::string_view theirs = "otp ";
  constexpr std::string_view ours = "perron ";
  std::ifstream in(path);
  if (!in)
    throw std::runtime_error("cannot read " + path);
  std::vector<difference> out;
  bool explained = true;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(head)) {
      if (!explained)
        break;
      out.push_back({line.substr(head.size()), {}, {}});
      explained = false;
    } else if (line.starts_with('#')) {
      explained = true;
    } else if (!out.empty() && line.starts_with(theirs)) {
      out.back().otp.push_back(line.substr(theirs.size()));
    } else if (!out.empty() && line.starts_with(ours)) {
      out.back().perron.push_back(line.substr(ours.size()));
    } else if (!line.empty()) {
      throw std::runtime_error(path + ": what is this? " + line);
    }
  }
  if (!explained)
    throw std::runtime_error(path + ": no reason for " + out.back().scenario);
  return out;
}

} // namespace perron::conformance
