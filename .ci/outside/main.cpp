// SPDX-License-Identifier: BSD-3-Clause
// A program that knows Perron only as installed: it asks a linked process and hears its end.
#include <perron/runtime/message.hpp>
#include <perron/runtime/node.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <iostream>

namespace rt = perron::runtime;

struct question {
  rt::pid from;
  int number;
};

struct answer {
  int number;
};

int main() {
  rt::node node;
  int got = 0;
  const rt::exit_reason why = node.run([&got] {
    const rt::monitored doubler = rt::spawn_monitor(
        [] { rt::receive([](const question& q) { rt::send(q.from, answer{q.number * 2}); }); });
    rt::send(doubler.who, question{rt::self(), 21});
    got = rt::receive([](const answer& a) { return a.number; });
    rt::receive([](const rt::down&) {});
  });
  std::cout << "the answer is " << got << "\n";
  return got == 42 && why == rt::exit_reason::normal() ? 0 : 1;
}
