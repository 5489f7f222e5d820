// SPDX-License-Identifier: BSD-3-Clause
//
// The classic: N processes in a ring pass a token round M times. `ring [N] [M]`
#include <perron/runtime/node.hpp>
#include <perron/runtime/receive.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace perron::runtime;

namespace {

struct token {
  long rounds_left;
};

/// One station: hands the token on until its last round.
void station(pid next) {
  for (bool last = false; !last;)
    receive([&](token t) {
      last = t.rounds_left == 0;
      send(next, t);
    });
}

} // namespace

int main(int argc, char** argv) {
  const long size = argc > 1 ? std::atol(argv[1]) : 1000;
  const long rounds = argc > 2 ? std::atol(argv[2]) : 1000;
  if (size < 2 || rounds < 1) {
    std::fprintf(stderr, "usage: ring [PROCESSES, at least 2] [ROUNDS, at least 1]\n");
    return 2;
  }
  node here;
  const exit_reason how = here.run([&] {
    pid next = self();
    for (long i = 1; i < size; ++i)
      next = spawn([next] { station(next); });
    const auto start = std::chrono::steady_clock::now();
    for (long left = rounds - 1; left >= 0; --left) {
      send(next, token{left});
      receive([](token) {});
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    std::printf("%ld processes, %ld rounds: %.0f ns per hop\n", size, rounds,
                took.count() / static_cast<double>(size * rounds));
  });
  return how.orderly() ? 0 : 1;
}
