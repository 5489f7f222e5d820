// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>
#include <perron/httpd/program/nodes/shared_text.hpp>
#include <perron/runtime/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace perron::httpd::program {

/// What became of the last reload.
struct reload_outcome {
  std::chrono::system_clock::time_point at{};
  bool good = true;
  std::string why{}; ///< of a bad one; a line for each error

  friend bool operator==(const reload_outcome&, const reload_outcome&) = default;
};

/// Which configuration is in force in all nodes of a program, and what reloads came to: a shared_text, so
/// that a node that is started again has what the others have and not a file that somebody is just editing.
struct ledger {
  std::string file{};                             ///< the configuration was read from
  std::string toml{};                             ///< the whole of it as one text (to_toml)
  std::uint64_t generation = 1;                   ///< configurations that have been in force
  std::uint64_t reloads = 0;                      ///< asked for, good and bad
  std::uint64_t failed = 0;                       ///< of these
  std::chrono::system_clock::time_point loaded{}; ///< what is in force
  reload_outcome last{};                          ///< if there was one

  friend bool operator==(const ledger&, const ledger&) = default;

  /// What its text says again. What it names is not looked at: it was there when it was put in force.
  runtime::result<configuration> read_configuration() const;

  static ledger read(const shared_text& from);
  void write(const shared_text& to) const;
};

} // namespace perron::httpd::program
