// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/diagnostic.hpp>
#include <perron/httpd/program/config/settings.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd::program {

/// What a TOML value can be. Dates and times are all one, as no key takes them.
enum class toml_kind : std::uint8_t { table, array, text, integer, real, flag, date };

struct toml_member;

/// A TOML value and where it stands. Only what fits `kind` is set.
struct toml_value {
  toml_kind kind = toml_kind::table;
  source_place place{};
  std::string text{};
  std::int64_t integer = 0;
  double real = 0;
  bool flag = false;
  std::vector<toml_value> items;
  std::vector<toml_member> members; ///< in the order in which they stand in the file

  const toml_value* find(std::string_view name) const noexcept;
};

struct toml_member {
  std::string name{};
  source_place place{}; ///< of the name
  toml_value value{};
};

/// Reads TOML 1.0: the table at the top, or what is wrong, at the first place where it is. `file` is only
/// said. Nesting is bounded by toml++ (256), so what is deep is an error, not a deep stack.
std::pair<toml_value, std::optional<diagnostic>> parse_toml(std::string_view text, const std::string& file);

/// "a table", "an integer": for messages.
std::string_view name_of(toml_kind kind) noexcept;

/// A text as TOML has it, in quotes, with what needs it escaped.
std::string toml_text(std::string_view text);

/// A key as TOML has it: bare where it may be, else in quotes.
std::string toml_name(std::string_view name);

} // namespace perron::httpd::program
