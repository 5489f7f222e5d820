// SPDX-License-Identifier: BSD-3-Clause
//
// What app_test starts: an application that tells on standard output, line by line, what happens in
// it.
#include <perron/supervisors/app.hpp>

#include <perron/runtime/blocking.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace perron::supervisors;
namespace app = perron::app;
namespace runtime = perron::runtime;

void say(const std::string& what) {
  const std::string line = what + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0)
    std::perror("write");
}

void wait_for_ever() {
  struct never {};
  runtime::receive_one<never>();
}

struct talker {
  explicit talker(std::string name) : name_(std::move(name)) { say("start " + name_); }
  void terminate(const runtime::exit_reason& why) { say("end " + name_ + " (" + why.to_string() + ")"); }

private:
  std::string name_;
};

/// Comes last, so the tree is up.
child_spec ready() {
  return child("ready", [] {
    say("ready");
    wait_for_ever();
  });
}

/// Tells that it is to end, and does not.
child_spec stubborn() {
  return child({.id = "stubborn", .shutdown = infinity, .spawn = {.trap_exit = true}}, [] {
    for (;;)
      runtime::receive([](const runtime::exited&) { say("does not want to"); });
  });
}

/// Does not start before a byte has come on standard input.
child_spec slow() {
  child_spec spec;
  spec.id = "slow";
  spec.start = [] {
    say("starting");
    runtime::blocking([] {
      char byte = 0;
      return ::read(STDIN_FILENO, &byte, 1);
    });
    return runtime::result<runtime::pid>(runtime::spawn_link(wait_for_ever));
  };
  return spec;
}

child_spec significant(std::string id, restart_type restart, void (*body)()) {
  return child({.id = std::move(id), .restart = restart, .significant = true}, body);
}

/// The tree of a mode, after two children that tell when they come and go.
app::children tree_of(const std::string& mode) {
  app::children tree{server_child<talker>("a", "a"), server_child<talker>("b", "b")};
  if (mode == "waits") {
    tree.push_back(ready());
  } else if (mode == "is_stubborn" || mode == "has_little_time") {
    tree.push_back(stubborn());
    tree.push_back(ready());
  } else if (mode == "starts_slowly") {
    tree.push_back(slow());
  } else if (mode == "gives_up") {
    tree.push_back(child("weak", [] { throw std::runtime_error("too weak"); }));
  } else if (mode == "does_not_start") {
    child_spec broken;
    broken.id = "broken";
    broken.start = []() -> runtime::result<runtime::pid> { return runtime::error{"no such port"}; };
    tree.push_back(broken);
  } else if (mode == "has_wrong_specs") {
    tree.push_back(server_child<talker>("a", "a"));
  } else if (mode == "comes_to_an_end") {
    tree.push_back(significant("job", temporary, [] { say("done"); }));
  } else if (mode == "stops_itself") {
    tree.push_back(child({.id = "c", .restart = temporary}, [] { app::stop(); }));
  } else if (mode == "gets_sigpipe") {
    tree.push_back(child("c", [] {
      static_cast<void>(::raise(SIGPIPE));
      say("ready");
      wait_for_ever();
    }));
  } else if (mode == "tells_its_settings") {
    tree.push_back(child({.id = "teller", .restart = temporary}, [] {
      say("port " + std::to_string(app::env<std::uint16_t>("port")));
      say("share " + std::to_string(app::env<double>("share")));
      say("db-file " + app::env<std::string>("db-file"));
      say(app::env<bool>("loud") ? "loud" : "quiet");
      app::stop();
    }));
  } else if (mode == "does_not_fit") {
    say(std::to_string(app::env<std::uint8_t>("port")));
  } else if (mode == "cannot_be_configured") {
    throw std::runtime_error("no tree today");
  } else if (mode == "asks_for_what_is_not_there") {
    app::env<int>("no-such-key");
  }
  return tree;
}

/// Phases of a mode.
std::vector<app::phase> phases_of(const std::string& mode) {
  const app::phase first{"first", [] { say(app::root() ? "first, with a root" : "first"); }};
  const app::phase second{"second", []() -> runtime::result<void> {
                            say("second");
                            return {};
                          }};
  if (mode == "has_phases")
    return {first, second, {"last", [] { app::stop(); }}};
  if (mode == "fails_in_a_phase")
    return {
        first, {"open", []() -> runtime::result<void> { return runtime::error{"no such file"}; }}, second};
  if (mode == "throws_in_a_phase")
    return {first, {"open", [] { throw std::runtime_error("bad luck"); }}, second};
  if (mode == "exits_in_a_phase")
    return {{"leave", [] { runtime::exit(runtime::exit_reason::normal()); }}, second};
  if (mode == "waits_in_a_phase")
    return {{"wait",
             [] {
               say("ready");
               wait_for_ever();
             }},
            second};
  return {};
}

void configure(app::spec& what) {
  const std::string mode = app::env<std::string>("mode");
  what.phases = phases_of(mode);
  if (mode == "has_little_time")
    what.stop_within = 1ms;
  if (mode == "comes_to_an_end")
    what.root.auto_shutdown = auto_shutdown_type::any_significant;
  if (mode == "refuses_a_value")
    app::refuse("db-file", "there is no such folder");
}

} // namespace

int main(int argc, char** argv) {
  const int code = app::run(argc, argv,
                            {.name = "program",
                             .version = "1.2.3",
                             .description = "Tells what happens in it",
                             .settings = {{"mode", "waits", "what it does"},
                                          {"port", std::uint16_t{8080}, "port to listen on"},
                                          {"share", 0.5, "part of the whole"},
                                          {"db-file", "chat.db", "file that keeps what was said"},
                                          {"loud", false, "whether to be loud"}},
                             .configure = configure,
                             .children = [] { return tree_of(app::env<std::string>("mode")); },
                             .node = {.workers = 2}});
  say("main returns");
  return code;
}
