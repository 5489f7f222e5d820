// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"
#include "converter.hpp"

#include <perron/runtime/call.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <chrono>
#include <cstdio>

using namespace perron::runtime;
using namespace std::chrono_literals;

namespace guide {
namespace {

/// Takes its time: never looks at its mailbox.
void sleeper() {
  struct alarm {};
  receive_one<alarm>();
}

} // namespace

void deadlines() {
  const pid server = spawn(sleeper);
  const result<double> answer = call(server, fahrenheit{20}, 50ms);
  std::printf("%s\n", answer ? "it answered" : answer.error().text.c_str());
}

} // namespace guide
