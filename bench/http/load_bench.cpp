// SPDX-License-Identifier: BSD-3-Clause

// A load generator for GET requests over keep-alive connections; bench/README.md says how its figures are
// made. Prints `ready` once every connection is open, `begin` and `end` around the measured seconds, so that
// a caller can read the server's CPU time at those two moments, then `result <name> <value> <unit>` lines.

#include <arpa/inet.h>
#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "load_options.hpp"
#include "load_thread.hpp"

namespace {

using perron::bench::load_control;
using perron::bench::load_error_names;
using perron::bench::load_mode;
using perron::bench::load_options;
using perron::bench::load_phase;
using perron::bench::load_result;
using perron::bench::load_thread;

using clock_type = std::chrono::steady_clock;

void say(const char* word, int number) {
  std::printf("%s %d\n", word, number);
  std::fflush(stdout);
}

void sleep_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

bool wait_until_open(const load_options& options, const load_control& control) {
  const auto began = clock_type::now();
  while (control.established.load(std::memory_order_acquire) < options.connections) {
    if (clock_type::now() - began > std::chrono::duration<double>(options.patience))
      return false;
    sleep_for(0.002);
  }
  return true;
}

/// Leaves the phase at `draining`; returns how long the measured phase took, in seconds.
double drive(const load_options& options, load_control& control) {
  if (options.mode == load_mode::hold) {
    while (std::getchar() != EOF) {
    }
    control.phase = load_phase::draining;
    return 0;
  }
  control.phase = load_phase::warming_up;
  sleep_for(options.warm_up);
  const auto began = clock_type::now();
  control.phase = load_phase::measuring;
  say("begin", options.connections);
  sleep_for(options.seconds);
  control.phase = load_phase::draining;
  const std::chrono::duration<double> took = clock_type::now() - began;
  say("end", options.connections);
  return took.count();
}

void report(const load_result& result, double seconds) {
  const auto& latencies = result.latencies;
  const auto count = static_cast<double>(result.answered);
  std::printf("result requests %.0f count\n", count);
  if (seconds > 0)
    std::printf("result rps %.1f req/s\n", count / seconds);
  std::printf("result p50 %.1f us\n", latencies.quantile_us(0.5));
  std::printf("result p99 %.1f us\n", latencies.quantile_us(0.99));
  std::printf("result p99_9 %.1f us\n", latencies.quantile_us(0.999));
  std::printf("result max %.1f us\n", latencies.max_us());
  std::printf("result reconnects %llu count\n", static_cast<unsigned long long>(result.reconnects));
  for (size_t i = 0; i < result.errors.size(); ++i)
    std::printf("result errors.%s %llu count\n", load_error_names[i],
                static_cast<unsigned long long>(result.errors[i]));
}

int run(const load_options& options) {
  load_control control;
  std::vector<std::unique_ptr<load_thread>> loads;
  int first = 0;
  for (int i = 0; i < options.threads; ++i) {
    const int share = (options.connections - first) / (options.threads - i);
    loads.push_back(
        std::make_unique<load_thread>(options, control, first, share, options.rate / options.threads));
    first += share;
  }
  std::vector<std::thread> threads;
  for (auto& each : loads)
    threads.emplace_back([&each] { each->run(); });
  const bool open = wait_until_open(options, control);
  double seconds = 0;
  if (open) {
    say("ready", options.connections);
    seconds = drive(options, control);
  } else {
    std::fprintf(stderr, "load_bench: only %d of %d connections open after %.0f s\n",
                 control.established.load(), options.connections, options.patience);
    control.phase = load_phase::draining;
  }
  load_result result;
  for (size_t i = 0; i < loads.size(); ++i) {
    threads[i].join();
    result.merge(loads[i]->result());
  }
  report(result, seconds);
  return open ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  const auto options = perron::bench::parse_load_options(argc, argv);
  in_addr address{};
  if (!options || inet_pton(AF_INET, options->host.c_str(), &address) != 1) {
    std::fputs(perron::bench::load_usage.data(), stderr);
    return 2;
  }
  return run(*options);
}
