// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/request_head.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <string_view>

namespace {

using namespace perron::httpd;

constexpr std::string_view minimal_request = "GET /hello HTTP/1.1\r\n"
                                             "Host: localhost\r\n"
                                             "\r\n";

constexpr std::string_view load_generator_request = "GET /hello HTTP/1.1\r\n"
                                                    "Host: 127.0.0.1:8080\r\n"
                                                    "User-Agent: bench/1.0\r\n"
                                                    "Accept: */*\r\n"
                                                    "Connection: keep-alive\r\n"
                                                    "\r\n";

constexpr std::string_view browser_request =
    "GET /rooms/platform-9/messages?after=1284&wait=25 HTTP/1.1\r\n"
    "Host: chat.example.org\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua: \"Chromium\";v=\"128\", \"Not;A=Brand\";v=\"24\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 "
    "Safari/537.36\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Dest: empty\r\n"
    "Referer: https://chat.example.org/rooms/platform-9\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Cookie: session=5f2d8c1ab94e47d08a7c33f1; theme=dark; seen=1284\r\n"
    "\r\n";

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
BENCHMARK_CAPTURE(parse_whole, load_generator, load_generator_request);
BENCHMARK_CAPTURE(parse_whole, browser, browser_request);
BENCHMARK_CAPTURE(parse_byte_by_byte, browser, browser_request);

} // namespace

BENCHMARK_MAIN();
