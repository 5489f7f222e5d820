// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>
#include <perron/supervisors/setting.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perron::supervisors::core {

/// The settings of a program with their values, and where each came from. Reads neither the command line nor
/// the process's environment itself. Not changed once made, so any thread may read it.
class settings {
public:
  /// Texts of the command line, by key.
  using arguments = std::map<std::string, std::string, std::less<>>;
  /// Looks up an environment variable.
  using variables = std::function<std::optional<std::string>(const std::string& name)>;

  /// Values of the command line come first, then variables, then defaults. Errors: a text that is no value of
  /// its setting, told as in "--port: '99999' is not a whole number from 0 to 65535".
  static runtime::result<settings> read(std::string_view program, const std::vector<app::setting>& declared,
                                        const arguments& given, const variables& variable);

  struct entry {
    app::setting_value held;
    std::string source; ///< "--port", "CHAT_PORT", "default of --port"
    std::string text;   ///< as it was given
  };
  /// Throws std::logic_error if there is no such setting.
  const entry& at(std::string_view key) const;

private:
  std::map<std::string, entry, std::less<>> entries_;
};

/// Whether these can be settings together: keys that are well formed, not taken and not there twice.
runtime::result<void> check_settings(const std::vector<app::setting>& declared);

/// The environment variable of a setting: of "chat" and "max-rooms" CHAT_MAX_ROOMS.
std::string variable_name(std::string_view program, std::string_view key);

/// What a text means as a value of this setting. A bool may be true, false, yes, no, on, off, 1, 0.
/// The error says what was expected.
runtime::result<app::setting_value> value_of(const app::setting& what, std::string_view text);

/// The value as value_of reads it.
std::string text_of(const app::setting_value& what);

/// "'99999' is not a whole number from 0 to 65535"; for what is not in a range that is asked for.
std::string not_within(std::string_view text, std::int64_t least, std::int64_t most);

} // namespace perron::supervisors::core
