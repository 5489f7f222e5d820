// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/cli.hpp>
#include <perron/httpd/program/command_manual.hpp>
#include <perron/httpd/program/commands.hpp>
#include <perron/httpd/program/config/load.hpp>
#include <perron/httpd/program/config/manual.hpp>
#include <perron/httpd/program/config/print.hpp>
#include <perron/httpd/program/serve.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace perron::httpd::program {

namespace {

void say(std::FILE* where, const std::string& text) { std::fputs(text.c_str(), where); }

/// What the command line says, whichever command it is.
struct wishes {
  std::string file = "/etc/perron/perron.toml";
  unsigned processes = 0; ///< 0: as the file says
  bool print = false;
  serve_options serve{};
  std::string socket = process_settings{}.control;
  bool json = false;
  std::string page{};
  int code = exit_ok;
};

int run_file(const std::string& file, unsigned processes) {
  const auto read = [file, processes] {
    auto out = load(file);
    if (out && processes != 0)
      out->server.processes = processes;
    return out;
  };
  auto first = read();
  if (!first) {
    say(stderr, first.error().text);
    return exit_failed;
  }
  return run(std::move(*first), {.load = read, .ready = {}});
}

int check_file(const std::string& file, bool print) {
  const auto read = load(file);
  if (!read) {
    say(stderr, read.error().text);
    return exit_failed;
  }
  say(stdout, print ? to_toml(*read) : file + ": ok\n");
  return exit_ok;
}

int serve(const serve_options& options) {
  auto [made, errors] = serve_configuration(options);
  if (!errors.empty()) {
    say(stderr, to_text(std::move(errors)));
    return exit_failed;
  }
  const bool tls = !options.certificate.empty();
  const auto ready = [tls,
                      folder = made.sites.front().settings.roots.front()](const std::vector<endpoint>& at) {
    for (const auto& one : at)
      say(stdout, "serving " + folder + " at " + url_of(one, tls) + "\n");
    std::fflush(stdout);
  };
  return run(made, {.load = [made = made] { return made; }, .ready = ready});
}

int manual(const std::string& page, const CLI::App& app) {
  say(stdout, page == "perron.toml" ? configuration_manual() : command_manual(app));
  return exit_ok;
}

void add_file(CLI::App& command, wishes& w) {
  command.add_option("FILE", w.file, "The configuration; see perron.toml(5)")->capture_default_str();
}

void add_control(CLI::App& app, wishes& w, const std::string& name, const std::string& text, bool tells) {
  auto& command = *app.add_subcommand(name, text);
  command.add_option("-s,--socket", w.socket, "The control socket of the server: control of [server]")
      ->capture_default_str();
  if (tells)
    command.add_flag("--json", w.json, "For programs");
  command.callback([&w, name] { w.code = control(name, w.socket, w.json); });
}

CLI::Option* add_processes(CLI::App& command, unsigned& to) {
  return command.add_option("--processes", to)->check(CLI::Range(1U, most_processes))->type_name("NUMBER");
}

void add_serve(CLI::App& app, wishes& w) {
  auto& command = *app.add_subcommand("serve", "Serves a folder, without a configuration.");
  auto& s = w.serve;
  command.add_option("DIR", s.folder, "The folder")->capture_default_str();
  command.add_option("-p,--port", s.port, "The port; 0: any free one")->capture_default_str();
  command.add_option("-a,--address", s.address, "The address; 0.0.0.0 or :: to be reached from elsewhere")
      ->capture_default_str();
  command.add_flag("--listing,!--no-listing", s.listing, "List folders that have no index.html (default)");
  command.add_flag("--hidden", s.hidden, "Serve files whose names begin with a dot as well");
  command.add_option("--fallback", s.fallback,
                     "The file for paths that have none: index.html for a single-page application");
  auto* const certificate =
      command.add_option("--cert", s.certificate, "A certificate (PEM), to speak TLS instead of plain HTTP");
  command.add_option("--key", s.key, "Its key, if it is in a file of its own")->needs(certificate);
  command.add_flag("-q,--quiet", s.quiet, "Do not log requests");
  add_processes(command, s.processes)->description("Serve with so many processes");
  command.callback([&w] { w.code = serve(w.serve); });
}

void describe(CLI::App& app, wishes& w) {
  app.require_subcommand(1);
  auto& run = *app.add_subcommand("run", "Serves what a configuration says, until it is told to stop.");
  add_file(run, w);
  add_processes(run, w.processes)
      ->description("Serve with so many processes, whatever processes of [server] "
                    "says");
  run.callback([&w] { w.code = run_file(w.file, w.processes); });
  auto& check =
      *app.add_subcommand("check", "Says whether a configuration is right, or all that is wrong with it.");
  add_file(check, w);
  check.add_flag("--print", w.print,
                 "Print what it means: all that is included, inherited and left to defaults");
  check.callback([&w] { w.code = check_file(w.file, w.print); });
  add_serve(app, w);
  add_control(app, w, "status", "Says how a running server is.", true);
  add_control(
      app, w, "reload",
      "Lets a running server read its configuration and certificates and open its log files again; if "
      "anything is wrong, all stays as it was.",
      false);
  add_control(app, w, "stop", "Stops a running server, after its requests have ended or drain_time is over.",
              false);
  add_control(app, w, "drain", "Lets a running server take no more requests, and end when the last one has.",
              false);
  add_control(app, w, "routes", "Lists the hosts and paths that a running server answers.", true);
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
