// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/command_line.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <variant>

namespace perron::supervisors::core {
namespace {

std::string kind_of(const app::setting& what) {
  if (std::holds_alternative<std::int64_t>(what.by_default))
    return "NUMBER";
  if (std::holds_alternative<double>(what.by_default))
    return "REAL";
  return "TEXT";
}

/// One option for each setting; gives the places where their texts will be.
std::map<std::string, CLI::Option*> add_options(CLI::App& cli, const command_syntax& syntax) {
  std::map<std::string, CLI::Option*> options;
  for (const app::setting& each : syntax.settings) {
    const bool is_flag = std::holds_alternative<bool>(each.by_default);
    const std::string help = each.help + " (" + variable_name(syntax.name, each.key) + ")";
    CLI::Option* option = cli.add_option("--" + each.key, help);
    option->expected(is_flag ? 0 : 1, 1)->take_last();
    const std::string by_default = text_of(each.by_default);
    // the default string of CLI11 is also what an option without a value has
    if (is_flag)
      option->type_name("BOOL=" + by_default);
    else
      option->type_name(kind_of(each))->default_str(by_default);
    options.emplace(each.key, option);
  }
  return options;
}

} // namespace

runtime::result<command_line> read_command_line(const command_syntax& syntax,
                                                std::vector<std::string> arguments) {
  CLI::App cli(syntax.description, syntax.name);
  const std::map<std::string, CLI::Option*> options = add_options(cli, syntax);
  if (!syntax.version.empty())
    cli.set_version_flag("--version", syntax.name + " " + syntax.version);
  command_line read;
  try {
    std::reverse(arguments.begin(), arguments.end()); // as CLI11 takes them
    cli.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    read.to_print = cli.help();
    return read;
  } catch (const CLI::CallForVersion& e) {
    read.to_print = std::string(e.what()) + "\n";
    return read;
  } catch (const CLI::ParseError& e) {
    return runtime::error{e.what()};
  }
  for (const auto& [key, option] : options) {
    if (option->count() == 0)
      continue;
    const std::string& text = option->results().back(); // empty for a flag without a value
    read.given[key] = text.empty() && option->get_expected_min() == 0 ? "true" : text;
  }
  return read;
}

} // namespace perron::supervisors::core
