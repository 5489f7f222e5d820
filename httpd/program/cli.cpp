// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/cli.hpp>
#include <perron/httpd/program/commands.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>

namespace perron::httpd::program {

int command_line(int argc, const char* const* argv) {
  CLI::App app("A web server in which every request is a process.", "perron");
  app.require_subcommand(1);
  app.add_subcommand("version", "Says which version this is.")->callback([] {
    std::puts("perron " PERRON_VERSION);
  });
  try {
    app.parse(argc, argv);
    return exit_ok;
  } catch (const CLI::ParseError& why) {
    return app.exit(why) == 0 ? exit_ok : exit_usage;
  }
}

} // namespace perron::httpd::program
