// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace perron::bench {

/// How load is made. `closed`: every connection asks again as soon as it is answered. `open`: requests are
/// due at a fixed rate whatever the answers do, and their latency counts from when they were due, so that a
/// stall of the server is seen by every request that fell into it. `hold`: each connection asks once, then
/// idles.
enum class load_mode { closed, open, hold };

struct load_options {
  std::string host = "127.0.0.1"; // numeric IPv4
  uint16_t port = 0;
  std::string path = "/hello";
  int connections = 64;
  int threads = 1;
  double seconds = 5;
  double warm_up = 1; // seconds before the measured ones; their requests are not reported
  double rate = 0;    // requests per second in all; open mode only
  int opening = 32; // connections that one thread opens at a time; a full backlog of the server costs seconds
  double patience = 15; // seconds to wait for connections to open, and for late answers at the end
  load_mode mode = load_mode::closed;
};

constexpr std::string_view load_usage =
    "usage: load_bench --port N [--host A.B.C.D] [--path /hello] [--connections 64] [--threads 1]\n"
    "                  [--seconds 5] [--warmup 1] [--rate R] [--patience 15] [--opening 32]\n"
    "                  [--hold]\n"
    "  --rate R   open loop: R requests a second, latency from when each was due\n"
    "  --hold     each connection asks once; then all stay open until stdin ends\n";

/// Nothing where the command line is not understood.
inline std::optional<load_options> parse_load_options(int argc, char** argv) {
  load_options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--hold") {
      options.mode = load_mode::hold;
      continue;
    }
    if (i + 1 == argc)
      return std::nullopt;
    const char* value = argv[++i];
    if (name == "--host")
      options.host = value;
    else if (name == "--port")
      options.port = static_cast<uint16_t>(std::atoi(value));
    else if (name == "--path")
      options.path = value;
    else if (name == "--connections")
      options.connections = std::atoi(value);
    else if (name == "--threads")
      options.threads = std::atoi(value);
    else if (name == "--seconds")
      options.seconds = std::atof(value);
    else if (name == "--warmup")
      options.warm_up = std::atof(value);
    else if (name == "--rate")
      options.rate = std::atof(value);
    else if (name == "--opening")
      options.opening = std::atoi(value);
    else if (name == "--patience")
      options.patience = std::atof(value);
    else
      return std::nullopt;
  }
  if (options.rate > 0)
    options.mode = load_mode::open;
  if (options.port == 0 || options.threads < 1 || options.connections < options.threads)
    return std::nullopt;
  return options;
}

} // namespace perron::bench
