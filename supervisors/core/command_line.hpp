// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>
#include <perron/supervisors/core/settings.hpp>
#include <perron/supervisors/setting.hpp>

#include <string>
#include <vector>

namespace perron::supervisors::core {

/// What a command line is read for, and what its help says.
struct command_syntax {
  std::string name{};
  std::string version{};
  std::string description{};
  std::vector<app::setting> settings{};
};

/// What a command line says: the texts of settings, or else what is to be printed, for --help and --version.
struct command_line {
  settings::arguments given{};
  std::string to_print{};
};

/// Takes a command line apart; `arguments` without the program's name. The error is one for people, of one
/// line. Values are not looked at: see settings.
runtime::result<command_line> read_command_line(const command_syntax& syntax,
                                                std::vector<std::string> arguments);

} // namespace perron::supervisors::core
