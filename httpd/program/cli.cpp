// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/cli.hpp>
#include <perron/httpd/program/command_manual.hpp>
#include <perron/httpd/program/commands.hpp>
#include <perron/httpd/program/config/load.hpp>
#include <perron/httpd/program/config/manual.hpp>
#include <perron/httpd/program/config/print.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <string>

namespace perron::httpd::program {

namespace {

void say(std::FILE* where, const std::string& text) { std::fputs(text.c_str(), where); }

/// What the command line says, whichever command it is.
struct wishes {
  std::string file = "/etc/perron/perron.toml";
  bool print = false;
  std::string page{};
  int code = exit_ok;
};

int check_file(const std::string& file, bool print) {
  const auto read = load(file);
  if (!read) {
    say(stderr, read.error().text);
    return exit_failed;
  }
  say(stdout, print ? to_toml(*read) : file + ": ok\n");
  return exit_ok;
}

int manual(const std::string& page, const CLI::App& app) {
  say(stdout, page == "perron.toml" ? configuration_manual() : command_manual(app));
  return exit_ok;
}

void add_file(CLI::App& command, wishes& w) {
  command.add_option("FILE", w.file, "The configuration; see perron.toml(5)")->capture_default_str();
}

void describe(CLI::App& app, wishes& w) {
  app.require_subcommand(1);
  auto& check =
      *app.add_subcommand("check", "Says whether a configuration is right, or all that is wrong with it.");
  add_file(check, w);
  check.add_flag("--print", w.print,
                 "Print what it means: all that is included, inherited and left to defaults");
  check.callback([&w] { w.code = check_file(w.file, w.print); });
  app.add_subcommand("version", "Says which version this is.")->callback([] {
    say(stdout, "perron " PERRON_VERSION "\n");
  });
  auto& man = *app.add_subcommand("man", "Prints a manual page: perron or perron.toml.");
  man.add_option("PAGE", w.page, "The page")->required()->check(CLI::IsMember({"perron", "perron.toml"}));
  man.callback([&w, &app] { w.code = manual(w.page, app); });
  man.group("");
}

} // namespace

int command_line(int argc, const char* const* argv) {
  try {
    wishes w;
    CLI::App app("A web server in which every request is a process.", "perron");
    app.footer("Exit codes: 0 done, 1 failed, 2 wrongly called. `perron COMMAND --help` says more.");
    describe(app, w);
    try {
      app.parse(argc, argv);
      return w.code;
    } catch (const CLI::ParseError& why) {
      return app.exit(why) == 0 ? exit_ok : exit_usage;
    }
  } catch (const std::exception& why) {
    say(stderr, std::string("perron: ") + why.what() + '\n');
    return exit_failed;
  }
}

} // namespace perron::httpd::program
