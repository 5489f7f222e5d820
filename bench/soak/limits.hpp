// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/scenario.hpp>

#include <cstdint>
#include <string>

namespace perron::soak {

/// What a machine has left for connections with both ends on it.
struct machine_room {
  std::uint64_t memory_bytes = 0; ///< that may be used up
  std::uint64_t files = 0;        ///< that the system lets all processes have open together
  std::uint64_t per_process = 0;  ///< descriptors that one process may have
  std::uint64_t ports = 0;        ///< of all source addresses; 0: not known
};

/// Of this machine now. A gigabyte and a tenth of the memory stay for others.
machine_room room_here(std::uint64_t ports);

/// How many connections fit, and what would not let in more.
struct fitting {
  std::uint64_t connections = 0;
  std::uint64_t server_processes = 1; ///< that a server needs when each has as many descriptors as we
  std::string bound{};                ///< empty: all that were wanted fit
};

/// About what a connection takes of this machine's memory in that mode, with a Perron server: user and
/// kernel, both ends.
std::uint64_t bytes_of(mode m);

fitting fit(std::uint64_t wanted, std::uint64_t bytes_each, const machine_room& room);

} // namespace perron::soak
