// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace perron::conformance {

/// One supervisor or child of a scenario, with its words "key=value".
struct declaration {
  enum class kind { supervisor, worker };

  std::string name;
  kind what = kind::worker;
  bool listed = true; ///< started with its supervisor; else by a step
  std::map<std::string, std::string> keys;

  /// The value of a key, or what it is when nothing is said.
  std::string get(const std::string& key, const std::string& otherwise = {}) const;
  std::string in() const { return get("in", "top"); } ///< the supervisor it belongs to
  std::string id() const { return get("id", name); }
};

/// A tree of supervisors and what happens to it. The text is what the OTP side gets; README.md explains it.
struct scenario {
  std::string name;
  std::string text;
  std::vector<declaration> parts; ///< as written, a supervisor before its children; the first is "top"
  std::vector<std::vector<std::string>> steps;

  const declaration* find(std::string_view part) const;
};

/// Throws std::invalid_argument if the text is no scenario.
scenario parse(std::string text);

/// The scenarios of a file, each from its line "scenario NAME" on. Throws std::runtime_error if it cannot be
/// read.
std::vector<scenario> read_scenarios(const std::string& path);

} // namespace perron::conformance
