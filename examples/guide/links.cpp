// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"

#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <cstdio>
#include <stdexcept>

using namespace perron::runtime;

namespace guide {
namespace {

struct result_of_helper {};

/// Waits for a helper that will never answer.
void session() {
  spawn_link([] { throw std::runtime_error("the helper is broken"); });
  receive_one<result_of_helper>();
}

} // namespace

void links() {
  spawn_monitor(session);
  receive([](const down& d) { std::printf("the session ended: %s\n", d.reason.to_string().c_str()); });
}

} // namespace guide
