// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"

#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

using namespace perron::runtime;

namespace guide {
namespace {

void do_task(const std::string& task) {
  if (task == "hard")
    throw std::runtime_error("too hard");
}

} // namespace

void trap_exits() {
  trap_exit(true);
  for (const std::string task : {"easy", "hard", "easy"}) {
    spawn_link([task] { do_task(task); });
    const exited e = receive_one<exited>();
    std::printf("%s task: %s\n", task.c_str(), e.reason.to_string().c_str());
  }
}

} // namespace guide
