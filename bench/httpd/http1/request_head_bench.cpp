// SPDX-License-Identifier: BSD-3-Clause
#include "parser/requests.hpp"

#include <perron/httpd/http1/request_head.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <string_view>

namespace {

using namespace perron::bench;
using namespace perron::httpd;

void report(benchmark::State& state, std::string_view request) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(request.size()));
}

void parse_whole(benchmark::State& state, std::string_view request) {
  std::array<header_field, 100> fields;
  http1::request_head head(fields);
  for (auto _ : state) {
    benchmark::DoNotOptimize(request);
    auto result = http1::parse_request_head(request, head);
    benchmark::DoNotOptimize(result);
    benchmark::ClobberMemory();
  }
  report(state, request);
}

/// One byte more at each call: what the slowest sender costs in all.
void parse_byte_by_byte(benchmark::State& state, std::string_view request) {
  std::array<header_field, 100> fields;
  http1::request_head head(fields);
  for (auto _ : state) {
    http1::head_progress progress;
    for (std::size_t size = 1; size <= request.size(); ++size) {
      auto result = http1::parse_request_head(request.substr(0, size), progress, head);
      benchmark::DoNotOptimize(result);
    }
  }
  report(state, request);
}

BENCHMARK_CAPTURE(parse_whole, minimal, minimal_request);
BENCHMARK_CAPTURE(parse_whole, generator, generator_request);
BENCHMARK_CAPTURE(parse_whole, browser, browser_request);
BENCHMARK_CAPTURE(parse_byte_by_byte, browser, browser_request);

} // namespace

BENCHMARK_MAIN();
