// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace perron::soak {

/// A sysctl that bounds how many connections this machine can hold.
struct setting {
  std::string name;    // "net.core.somaxconn"
  std::string current; // empty when it cannot be read
  std::string wanted;
  std::string why;
  bool enough = false; // as it is
};

/// Those that matter for `connections` with both ends here. `root` is /proc/sys, or what stands for it.
std::vector<setting> settings_for(std::uint64_t connections, const std::filesystem::path& root = "/proc/sys");

/// For people: what would help, why, and the commands that set it.
std::string describe_settings(const std::vector<setting>& settings);

/// Sets those that are not enough, until the machine is started again. Gives a text that says what was set
/// and how to undo it; what could not be set is in it too. An error when nothing could be set though
/// something was wanted.
runtime::result<std::string> apply_settings(const std::vector<setting>& settings,
                                            const std::filesystem::path& root = "/proc/sys");

} // namespace perron::soak
