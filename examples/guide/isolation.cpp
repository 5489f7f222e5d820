// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <cstdio>
#include <stdexcept>

using namespace perron::runtime;

namespace guide {
namespace {

void worker(pid boss, int number) {
  if (number == 13)
    throw std::runtime_error("13 brings bad luck");
  send(boss, number);
}

} // namespace

void isolation() {
  for (int n = 11; n <= 15; ++n)
    spawn([boss = self(), n] { worker(boss, n); });
  int sum = 0;
  for (int answers = 0; answers < 4; ++answers)
    sum += receive_one<int>();
  std::printf("four of five have answered, in all %d\n", sum);
}

} // namespace guide
