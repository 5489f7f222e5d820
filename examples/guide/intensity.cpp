// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>

using namespace perron::runtime;
using namespace perron::supervisors;
using namespace std::chrono_literals;

namespace guide {
namespace {

struct tried {};

} // namespace

void intensity() {
  trap_exit(true);
  const auto hopeless = child("hopeless", [boss = self()] {
    send(boss, tried{});
    throw std::runtime_error("the configuration is wrong, and will be the next time");
  });
  start_supervisor({.intensity = 3, .period = 5s}, {hopeless}).value();
  int starts = 0;
  for (bool up = true; up;)
    receive([&](tried) { ++starts; },
            [&](const exited& e) {
              up = false;
              std::printf("after %d starts the supervisor gave up: %s\n", starts,
                          e.reason.to_string().c_str());
            });
}

} // namespace guide
