// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <cstdio>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>

using namespace perron::runtime;
using namespace perron::supervisors;

namespace guide {
namespace {

struct started {
  std::string who;
};
struct fail {};

child_spec member(const std::string& name) {
  return child({.id = name, .spawn = {.name = name}}, [boss = whereis("boss"), name] {
    send(boss, started{name});
    receive([](fail) { throw std::runtime_error("as asked"); });
  });
}

/// By name: a supervisor starts them in order, but each says so when it runs, and they run in parallel.
std::string names_of_started(int count) {
  std::set<std::string> names;
  for (int i = 0; i < count; ++i)
    names.insert(" " + receive_one<started>().who);
  return std::accumulate(names.begin(), names.end(), std::string());
}

} // namespace

void strategies() {
  trap_exit(true); // stopping a supervisor must not stop us, who are linked to it
  register_name("boss");
  for (const strategy_type strategy : {one_for_one, one_for_all, rest_for_one}) {
    const pid top = start_supervisor({.strategy = strategy}, {member("a"), member("b"), member("c")}).value();
    names_of_started(3);
    send("b", fail{});
    const int again = strategy == one_for_one ? 1 : strategy == one_for_all ? 3 : 2;
    std::printf("%s: b fails, started again:%s\n", std::string(to_string(strategy)).c_str(),
                names_of_started(again).c_str());
    stop_supervisor(top).value();
  }
}

} // namespace guide
