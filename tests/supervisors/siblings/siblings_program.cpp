// SPDX-License-Identifier: BSD-3-Clause
//
// What siblings tests start: a program of several processes that tells on standard output, line by line, what
// happens in its nodes.
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/app.hpp>
#include <perron/supervisors/siblings.hpp>

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;
using namespace perron;
using supervisors::child;

void say(const std::string& what) {
  const std::string line = what + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0)
    std::perror("write");
}

std::string me() { return std::to_string(siblings::self()) + ": "; }

void wait_for_ever() {
  struct never {};
  runtime::receive_one<never>();
}

/// In every node, when it has subscribed to what it wants. Returns in node 0 alone, when all have.
void only_first_goes_on() {
  siblings::answer("ready", [](std::string_view) { return std::string(); });
  if (siblings::self() != 0)
    wait_for_ever();
  for (bool all = false; !all;) {
    all = true;
    for (const siblings::reply& each : siblings::ask_all("ready", "", 30s))
      all = all && each.bytes;
  }
}

std::string text_of(const siblings::reply& r) {
  const int code = r.bytes ? 0 : r.bytes.error().code;
  return std::to_string(r.node) + (r.bytes             ? '=' + *r.bytes
                                   : code == ENOTCONN  ? " is down"
                                   : code == ETIMEDOUT ? " is mute"
                                   : code == ENOENT    ? " knows nothing"
                                                       : " says: " + r.bytes.error().text);
}

void say_all(const std::string& topic, std::chrono::nanoseconds time) {
  std::string line = topic + ':';
  for (const siblings::reply& each : siblings::ask_all(topic, "x", time))
    line += ' ' + text_of(each);
  say(line);
}

pid_t pid_of(unsigned node) { return std::stoi(siblings::ask(node, "pid", "", 30s).value()); }

/// A thread goes on until the one that took the signal has run.
bool has_stopped(pid_t process) {
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    std::ifstream file(thread.path() / "stat");
    const std::string all((std::istreambuf_iterator<char>(file)), {});
    if (const auto name_end = all.rfind(") "); name_end != std::string::npos && all[name_end + 2] != 'T')
      return false;
  }
  return true;
}

void stop_process(pid_t process) {
  ::kill(process, SIGSTOP);
  while (!has_stopped(process))
    runtime::yield();
}

void wait_for_change(unsigned node, bool up) {
  runtime::receive(runtime::when([=](const siblings::node_change& c) { return c.node == node && c.up == up; },
                                 [](siblings::node_change) {}));
}

// -- modes

void tells_changes() {
  siblings::watch();
  for (;;)
    runtime::receive(
        [](siblings::node_change c) { say(me() + std::to_string(c.node) + (c.up ? " is up" : " is down")); });
}

void publishes() {
  constexpr unsigned each = 300;
  siblings::subscribe("go");
  siblings::subscribe("t");
  runtime::spawn([] {
    only_first_goes_on();
    siblings::publish("go", "").value();
  });
  const auto next_of = [](const std::string& topic) {
    return runtime::receive(runtime::when([&](const siblings::news& n) { return n.topic == topic; },
                                          [](siblings::news n) { return n; }));
  };
  next_of("go");
  runtime::spawn([] {
    for (unsigned i = 0; i < each; ++i)
      siblings::publish("t", std::to_string(i)).value();
  });
  std::size_t seen = 0;
  std::map<unsigned, unsigned> next;
  bool in_order = true;
  for (unsigned i = 0; i < each * siblings::count(); ++i) {
    const siblings::news n = next_of("t");
    in_order = in_order && *n.bytes == std::to_string(next[n.from]++);
    seen = seen * 1'000'003 + n.number * 31 + n.from;
  }
  say("saw " + std::to_string(seen) + (in_order ? "" : " out of order"));
  wait_for_ever();
}

void asks() {
  siblings::answer("number",
                   [](std::string_view q) { return std::string(q) + std::to_string(siblings::self()); });
  if (siblings::self() != 1)
    siblings::answer("not 1", [](std::string_view) { return std::string("yes"); });
  siblings::answer("1 is slow", [](std::string_view) {
    if (siblings::self() == 1)
      wait_for_ever();
    return std::string("yes");
  });
  only_first_goes_on();
  say_all("number", 30s);
  say_all("not 1", 30s);
  // 0 and 2 have all the time that there is before 1 is given up
  say_all("1 is slow", 2s);
  say_all("number", 30s);
  say("one: " + siblings::ask(2, "number", "y", 30s).value());
  wait_for_ever();
}

void asks_the_dead() {
  siblings::answer("number", [](std::string_view) { return std::to_string(siblings::self()); });
  siblings::answer("2 dies", [](std::string_view) {
    if (siblings::self() == 2)
      ::kill(::getpid(), SIGKILL);
    return std::string("lives");
  });
  siblings::watch();
  only_first_goes_on();
  ::kill(pid_of(1), SIGKILL);
  wait_for_change(1, false);
  say_all("number", 600s);
  say_all("2 dies", 600s);
  wait_for_ever();
}

void asks_a_stopped_one() {
  siblings::watch();
  only_first_goes_on();
  wait_for_change(1, true);
  stop_process(pid_of(1));
  // what is sent to it makes its silence known
  say("ask: " + text_of({1, siblings::ask(1, "pid", "", 600s)}));
  wait_for_change(1, true);
  say("1 is back");
  wait_for_ever();
}

/// More than the parent keeps for one that does not read.
void floods() {
  siblings::watch();
  only_first_goes_on();
  wait_for_change(1, true);
  stop_process(pid_of(1));
  for (int i = 0; i < 64; ++i)
    while (!siblings::publish("flood", std::string(1U << 20U, 'x'))) {
    }
  say("flooded");
  wait_for_change(1, true);
  say("1 is back");
  wait_for_ever();
}

/// Soon after its start, every time.
void crashes() { throw std::runtime_error("cannot live"); }

void stops_all() {
  only_first_goes_on();
  app::stop();
}

void announces() {
  siblings::announce("all are up");
  wait_for_ever();
}

const std::map<std::string, void (*)()> modes{
    {"waits", wait_for_ever},
    {"is_stubborn", wait_for_ever},
    {"tells_changes", tells_changes},
    {"publishes", publishes},
    {"asks", asks},
    {"asks_the_dead", asks_the_dead},
    {"asks_a_stopped_one", asks_a_stopped_one},
    {"floods", floods},
    {"crashes", crashes},
    {"stops_all", stops_all},
    {"announces", announces},
    {"finishes", [] {}},
};

app::children children() {
  const auto mode = app::env<std::string>("mode");
  siblings::answer("pid", [](std::string_view) { return std::to_string(::getpid()); });
  if (mode == "does_not_start")
    throw std::runtime_error("no such thing");
  if (mode == "aborts_at_start")
    std::abort();
  if (mode == "refuses_a_value")
    app::refuse("mode", "no good");
  return {child({.id = "end", .spawn = {.trap_exit = true}},
                [mode] {
                  runtime::receive([](const runtime::exited&) {});
                  say("end " + std::to_string(siblings::self()));
                  if (mode == "is_stubborn")
                    wait_for_ever();
                }),
          child({.id = "main",
                 .restart = mode == "crashes" ? supervisors::permanent : supervisors::temporary,
                 .significant = mode == "finishes"},
                [mode] {
                  say("node " + std::to_string(siblings::self()) + " is " + std::to_string(::getpid()));
                  modes.at(mode)();
                })};
}

void configure(app::spec& s) {
  s.processes = app::env<unsigned>("processes");
  s.parent.restart.initial = std::chrono::milliseconds(app::env<unsigned>("back-off"));
  s.parent.restart.ceiling = std::max(s.parent.restart.initial, std::chrono::milliseconds(50));
  s.parent.unresponsive_after = std::chrono::milliseconds(app::env<unsigned>("patience"));
}

} // namespace

int main(int argc, char** argv) {
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  std::thread early;
  if (std::getenv("EARLY_THREAD") != nullptr)
    early = std::thread([] { ::poll(nullptr, 0, -1); });
  const int code = app::run(argc, argv,
                            {.name = "program",
                             .settings = {{"mode", "waits", "what it does"},
                                          {"processes", 3U, "how many"},
                                          {"back-off", 1U, "before a restart, in ms"},
                                          {"patience", 30'000U, "with nodes that do not read, in ms"}},
                             .configure = configure,
                             .children = children,
                             .root = {.auto_shutdown = supervisors::auto_shutdown_type::any_significant},
                             .node = {.workers = 1}});
  if (early.joinable())
    ::_exit(code);
  return code;
}
