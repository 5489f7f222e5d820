// SPDX-License-Identifier: BSD-3-Clause
//
// The classic: N processes in a ring pass a token round M times. `ring [--processes N] [--rounds M]`
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/app.hpp>

#include <chrono>
#include <cstdio>

using namespace perron;
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

/// The first station: builds the ring, sends the token off, and tells how long it took.
void start_station() {
  const auto size = app::env<long>("processes");
  const auto rounds = app::env<long>("rounds");
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
  std::fflush(stdout);
  app::stop();
}

void check(app::spec&) {
  if (app::env<long>("processes") < 2)
    app::refuse("processes", "a ring has two at least");
  if (app::env<long>("rounds") < 1)
    app::refuse("rounds", "the token goes round once at least");
}

} // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv,
                  {.name = "ring",
                   .settings = {{"processes", 1000L, "stations in the ring"},
                                {"rounds", 1000L, "how often it goes round"}},
                   .configure = check,
                   .children = [] {
                     return app::children{supervisors::child(
                         {.id = "start", .restart = supervisors::temporary}, start_station)};
                   }});
}
