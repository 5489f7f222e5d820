// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <cstdio>

using namespace perron::runtime;

namespace guide {
namespace {

struct add {
  int amount;
};
struct get {
  pid from;
};

/// Counts. `total` is on the stack of the process: nobody else can reach it.
void counter() {
  int total = 0;
  for (;;)
    receive([&](add a) { total += a.amount; }, [&](get g) { send(g.from, total); });
}

} // namespace

void processes() {
  const pid c = spawn(counter);
  send(c, add{40});
  send(c, add{2});
  send(c, get{self()});
  std::printf("the counter says %d\n", receive_one<int>());
}

} // namespace guide
