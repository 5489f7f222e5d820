// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/command_manual.hpp>
#include <perron/httpd/program/roff.hpp>

#include <CLI/CLI.hpp>

#include <string_view>
#include <vector>

namespace perron::httpd::program {

namespace {

bool is_help(const CLI::Option& option) { return option.get_lnames() == std::vector<std::string>{"help"}; }

std::string usage(const CLI::App& command) {
  std::string switches;
  std::string words;
  for (const auto* const option : command.get_options())
    if (option->get_positional())
      words.append(" [").append(option->get_name()).append("]");
    else if (!is_help(*option))
      switches = " [options]";
  return command.get_name() + switches + words;
}

/// "-p, --port"
std::string names_of(const CLI::Option& option) {
  auto text = option.get_name(false, true);
  for (const std::string_view part : {"{false}", "{true}"})
    if (const auto at = text.find(part); at != std::string::npos)
      text.erase(at, part.size());
  for (auto at = text.find(','); at != std::string::npos; at = text.find(',', at + 2))
    text.insert(at + 1, " ");
  return text;
}

} // namespace

std::string command_manual(const CLI::App& app) {
  roff page("perron", 1, "a web server in which every request is a process");
  page.heading("SYNOPSIS");
  const auto commands = app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
  for (const auto* const one : commands)
    page.paragraph("perron " + usage(*one));
  page.heading("DESCRIPTION");
  page.paragraph(
      "Serves sites as a configuration says, perron.toml(5), or one folder without any. Every request has "
      "a process of its own, which may crash or wait without harm to others.");
  page.heading("COMMANDS");
  for (const auto* const one : commands) {
    page.item(one->get_name(), usage(*one).substr(one->get_name().size()), one->get_description());
    for (const auto* const option : one->get_options()) {
      if (is_help(*option))
        continue;
      const auto initial = option->get_default_str();
      page.more(names_of(*option) + ": " + option->get_description() +
                (initial.empty() ? "" : " (" + initial + ')'));
    }
  }
  page.heading("SIGNALS");
  page.item("SIGTERM, SIGINT", "", "Stop in order, as perron stop; a second one ends the program at once.");
  page.item("SIGHUP", "", "As perron reload.");
  page.heading("EXIT STATUS");
  page.item("0", "", "It was done.").item("1", "", "It failed; standard error says why.");
  page.item("2", "", "The program was wrongly called.");
  page.heading("FILES");
  page.item("/etc/perron/perron.toml", "", "The configuration, unless another one is named.");
  page.item("/run/perron/control.sock", "",
            "The control socket, unless the configuration names another one.");
  page.heading("EXAMPLES");
  page.paragraph("Shows the folder that you are in to your own browser:").code("perron serve");
  page.paragraph("Sees whether a change is right, and makes it count:").code("perron check && perron reload");
  page.heading("SEE ALSO").paragraph("perron.toml(5)");
  return page.text();
}

} // namespace perron::httpd::program
