// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <cstdio>
#include <stdexcept>

using namespace perron::runtime;
using namespace perron::supervisors;

namespace guide {
namespace {

struct here {
  pid who;
};

/// Says where it is, and fails when it is sent a number.
void fragile(pid boss) {
  send(boss, here{self()});
  receive([](int) { throw std::runtime_error("I cannot count"); });
}

} // namespace

void supervisor() {
  const auto fragile_child = child("fragile", [boss = self()] { fragile(boss); });
  start_supervisor({.strategy = one_for_one}, {fragile_child}).value();
  const pid first = receive_one<here>().who;
  send(first, 1);
  const pid second = receive_one<here>().who;
  std::printf("%s crashed, its supervisor has started %s\n", to_string(first).c_str(),
              to_string(second).c_str());
}

} // namespace guide
