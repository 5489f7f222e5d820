// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/limits.hpp>

#include <perron/bench/soak/server_watch.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <fstream>

namespace perron::soak {

namespace {

/// Of /proc/sys/fs/file-nr: in use, unused, and the most.
std::uint64_t files_left() {
  std::ifstream from("/proc/sys/fs/file-nr");
  std::uint64_t used = 0;
  std::uint64_t unused = 0;
  std::uint64_t most = 0;
  if (!(from >> used >> unused >> most))
    return ~std::uint64_t{0};
  return most > used ? most - used : 0;
}

} // namespace

machine_room room_here(std::uint64_t ports) {
  constexpr std::uint64_t gigabyte = 1U << 30U;
  const std::uint64_t available = read_machine().available_bytes;
  rlimit most{};
  ::getrlimit(RLIMIT_NOFILE, &most);
  return {.memory_bytes = available / 10 * 9 > gigabyte ? available / 10 * 9 - gigabyte : 0,
          .files = files_left(),
          .per_process = most.rlim_max,
          .ports = ports};
}

std::uint64_t bytes_of(mode m) {
  // Of runs with 19,000 connections and more; those that do things at the time have buffers besides.
  switch (m) {
  case mode::idle:
    return 9'500;
  case mode::poll:
    return 15'000;
  case mode::ws:
    return 11'000;
  case mode::sse:
    return 18'000;
  case mode::chat:
    return 20'000;
  case mode::churn:
  case mode::requests:
    return 16'000;
  case mode::slow:
    return 250'000;
  case mode::count:
    break;
  }
  return 16'000;
}

fitting fit(std::uint64_t wanted, std::uint64_t bytes_each, const machine_room& room) {
  // What a process has open besides: its files, its listening sockets, connections of its siblings.
  constexpr std::uint64_t own = 1'000;
  constexpr std::uint64_t others_files = 20'000;
  fitting f{.connections = wanted, .server_processes = 1, .bound = {}};
  const auto bind = [&](std::uint64_t most, std::string what) {
    if (most >= f.connections)
      return;
    f.connections = most;
    f.bound = std::move(what);
  };
  const auto mb = [](std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MB"; };
  bind(room.memory_bytes / std::max<std::uint64_t>(bytes_each, 1),
       "memory: " + mb(room.memory_bytes) + " may be used, at about " + std::to_string(bytes_each) +
           " bytes a connection");
  // Both ends are open files.
  bind(room.files > others_files ? (room.files - others_files) / 2 : 0,
       "descriptors: fs.file-max leaves " + std::to_string(room.files) + ", and each connection takes two");
  if (room.ports != 0)
    bind(room.ports, "ports: the source addresses have " + std::to_string(room.ports));
  const std::uint64_t each =
      room.per_process > 2 * own ? room.per_process - own : std::max<std::uint64_t>(room.per_process / 2, 1);
  f.server_processes = std::max<std::uint64_t>((f.connections + each - 1) / each, 1);
  return f;
}

} // namespace perron::soak
