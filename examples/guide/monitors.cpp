// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"

#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <cstdio>
#include <stdexcept>

using namespace perron::runtime;

namespace guide {

void monitors() {
  const monitored job = spawn_monitor([] { throw std::runtime_error("disk full"); });
  receive([](const down& d) { std::printf("the job ended: %s\n", d.reason.to_string().c_str()); });

  monitor(job.who);
  receive([](const down& d) { std::printf("asked too late: %s\n", d.reason.to_string().c_str()); });
}

} // namespace guide
