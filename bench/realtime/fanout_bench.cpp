// SPDX-License-Identifier: BSD-3-Clause

// One message to many WebSockets: how long until the last one has it. Prints `ready` once every connection is
// open, `begin` and `end` around the measured messages, so that a caller can read the server's CPU time at
// those two moments, then `result <name> <value> <unit>` lines. Exits with 1 if a reader missed a message.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

#include "fanout_clients.hpp"
#include "fanout_options.hpp"

namespace {

void say(const char* word) {
  std::printf("%s\n", word);
  std::fflush(stdout);
}

double quantile_us(std::vector<std::int64_t>& of, double share) {
  std::sort(of.begin(), of.end());
  const auto index = static_cast<std::size_t>(share * static_cast<double>(of.size() - 1) + 0.5);
  return static_cast<double>(of[index]) / 1000;
}

} // namespace

int main(int argc, char** argv) {
  const auto options = perron::bench::parse_fanout_options(argc, argv);
  if (!options) {
    std::fprintf(
        stderr,
        "usage: fanout_bench --port N [--host A] [--path P] [--connections N] [--silent N]\n"
        "  [--messages N] [--warmup N] [--window N] [--bytes N] [--patience S] [--hold [--topic T]]\n");
    return 2;
  }
  perron::bench::fanout_clients clients(*options);
  if (!clients.open())
    return 1;
  say("ready");
  if (options->hold) {
    while (std::getchar() != EOF) {
    }
    return 0;
  }
  // a server answers a handshake before it has told the room
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  std::vector<std::int64_t> last_ns;
  if (options->warm_up > 0 && !clients.deliver(options->warm_up, last_ns))
    return 1;
  last_ns.clear();
  say("begin");
  const auto begin = std::chrono::steady_clock::now();
  if (!clients.deliver(options->messages, last_ns))
    return 1;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  say("end");
  const auto deliveries = static_cast<double>(clients.readers()) * options->messages;
  std::printf("result deliveries %.0f messages\n", deliveries);
  std::printf("result delivered_per_s %.0f messages/s\n", deliveries / took.count());
  if (!last_ns.empty()) {
    std::printf("result last_p50_us %.1f us\n", quantile_us(last_ns, 0.5));
    std::printf("result last_max_us %.1f us\n", quantile_us(last_ns, 1.0));
  }
  return 0;
}
