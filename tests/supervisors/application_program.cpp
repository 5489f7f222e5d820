// SPDX-License-Identifier: BSD-3-Clause
//
// What application_test starts: an application that tells on standard output, line by line, what happens in
// it.
#include <perron/supervisors/application.hpp>

#include <perron/runtime/blocking.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace perron::supervisors;
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

} // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  application_options options{.name = "program", .node = {.workers = 2}};
  std::vector<child_spec> tree{server_child<talker>("a", "a"), server_child<talker>("b", "b")};
  if (mode == "waits") {
    tree.push_back(ready());
  } else if (mode == "is_stubborn") {
    tree.push_back(stubborn());
    tree.push_back(ready());
  } else if (mode == "has_little_time") {
    options.stop_within = 1ms;
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
    options.root.auto_shutdown = auto_shutdown_type::any_significant;
    tree.push_back(significant("job", temporary, [] { say("done"); }));
  } else if (mode == "stops_itself") {
    tree.push_back(child({.id = "c", .restart = temporary}, [] { stop_application(); }));
  } else if (mode == "gets_sigpipe") {
    tree.push_back(child("c", [] {
      static_cast<void>(::raise(SIGPIPE));
      say("ready");
      wait_for_ever();
    }));
  }
  const int code = run_application(std::move(options), std::move(tree));
  say("main returns");
  return code;
}
