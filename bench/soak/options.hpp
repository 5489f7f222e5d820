// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/scenario.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace perron::soak {

/// What the command line says. `perron-soak --help` is the description of each.
struct soak_options {
  scenario run{};
  std::string scenario_file{};
  std::string host = "127.0.0.1"; ///< numeric IPv4
  std::uint16_t port = 8080;
  std::string sources{}; ///< as parse_sources() takes them
  std::string greeting =
      "/whoami";        ///< asked once on each connection; an answer that is a number names the node
  double patience = 30; ///< seconds to wait for an accept or an answer
  double probes = 0;    ///< requests a second beside all else
  std::uint32_t per_process = 19'000;
  std::uint32_t opening = 512; ///< connections on their way at a time, in all
  int server_pid = 0;          ///< 0: who listens on the port
  std::string out{};           ///< folder of the report; empty: none
  bool quiet = false;
  bool limits = false; ///< only say how many connections fit
  std::string tune{};  ///< empty, "show" or "apply"
};

/// The options, or the program's exit status when there is nothing (more) to do: 0 after --help, 2 for what
/// is not understood, said on standard error.
std::pair<soak_options, std::optional<int>> parse_options(int argc, char** argv);

/// For the report: names and values as given or as they are by default.
std::vector<std::pair<std::string, std::string>> described(const soak_options& o);

} // namespace perron::soak
