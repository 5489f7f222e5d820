// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

namespace perron::bench {

/// Who ends a connection when its answer has come. `server`: the request says `Connection: close`, and the
/// client closes when it has seen the end. `reset`: the client resets it (SO_LINGER of 0 seconds), which
/// leaves no TIME_WAIT behind on either side, and is no ordinary way to leave.
enum class closing { client, server, reset };

struct churn_options {
  std::uint16_t port = 0; ///< of 127.0.0.1
  std::string_view path = "/hello";
  int in_flight = 32;            ///< connections at once; each is followed by the next
  std::uint64_t connections = 0; ///< in all; 0: until the seconds are over
  double seconds = 5;            ///< measured ones
  double warm_up = 1;            ///< before them
  double rate = 0;               ///< connections a second at most; 0: as fast as they come
  int addresses = 200;           ///< of 127.0.0.0/8 that connections come from, in turn
  int first_address = 0;         ///< which of them is a thread's first
  int threads = 1;               ///< that share the connections
  closing by = closing::client;
  std::vector<::pid_t> servers; ///< whose processor time is told, for each connection
};

constexpr std::string_view churn_usage =
    "usage: churn_bench --port N [--path /hello] [--in-flight 32] [--threads 1] [--seconds 5] [--warmup 1]\n"
    "                   [--connections N] [--rate R] [--addresses 200] [--closes client|server|reset]\n"
    "                   [--cpu-of PID]...\n"
    "  --connections N  ends when N are closed, instead of after some seconds; no warming up\n"
    "  --rate R         at most so many a second\n"
    "  --cpu-of PID     a process of the server; its processor time is told\n"
    "Prints `progress N` every half second, and then the figures.\n";

/// Nothing where the command line is not understood.
inline std::optional<churn_options> parse_churn_options(int argc, char** argv) {
  churn_options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string_view value = argv[i + 1];
    if (name == "--port")
      o.port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    else if (name == "--path")
      o.path = value;
    else if (name == "--in-flight")
      o.in_flight = std::atoi(argv[i + 1]);
    else if (name == "--connections")
      o.connections = std::strtoull(argv[i + 1], nullptr, 10);
    else if (name == "--seconds")
      o.seconds = std::atof(argv[i + 1]);
    else if (name == "--warmup")
      o.warm_up = std::atof(argv[i + 1]);
    else if (name == "--threads")
      o.threads = std::atoi(argv[i + 1]);
    else if (name == "--rate")
      o.rate = std::atof(argv[i + 1]);
    else if (name == "--addresses")
      o.addresses = std::atoi(argv[i + 1]);
    else if (name == "--cpu-of")
      o.servers.push_back(std::atoi(argv[i + 1]));
    else if (name == "--closes" && (value == "client" || value == "server" || value == "reset"))
      o.by = value == "client" ? closing::client : value == "server" ? closing::server : closing::reset;
    else
      return std::nullopt;
  }
  if (argc % 2 == 0 || o.port == 0 || o.threads < 1 || o.in_flight < o.threads || o.addresses < 1)
    return std::nullopt;
  return o;
}

} // namespace perron::bench
