// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/server.hpp>
#include <perron/runtime/core/process.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace perron::httpd::core {

/// Mail to the server process: the last connection is gone.
struct drained {};

class connection;
class acceptor;

/// What one worker keeps for a server: its listening socket and its connections. Touched only by whoever
/// holds that worker, but for the figures.
struct alignas(64) site_shard {
  connection* first = nullptr; ///< all connections of this worker
  acceptor* accepting = nullptr;
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> ended{0};
  std::atomic<std::uint64_t> crashed{0};
  std::atomic<std::uint64_t> client_gone{0};
  std::atomic<std::uint64_t> refused{0};
};

/// A server's state: options, routes, and a shard for each worker. Shared by the server process and every
/// connection, so it lives until the last of them is gone.
///
/// | field            | who may touch it                                                |
/// |------------------|-----------------------------------------------------------------|
/// | options, routes  | written before the first connection, then read by anybody        |
/// | shards[i]        | see site_shard                                                   |
/// | closing          | set once by the server process                                   |
class site final : public runtime::core::end_observer {
public:
  site(server_options o, router r, std::size_t workers)
      : options(std::move(o)), routes(std::move(r)), shards(workers) {}

  /// A request process has ended: its connection goes on or is closed.
  void process_ended(runtime::core::process& who, const runtime::exit_reason& why) noexcept override;

  /// A connection of this server was closed; tells the server process when it waits for the last one.
  void connection_gone() noexcept;

  server_stats stats() const noexcept;
  std::uint64_t connections() const noexcept;

  const server_options options;
  const router routes;
  std::vector<site_shard> shards;
  std::size_t max_connections = 0;
  std::uint16_t port = 0;
  runtime::pid server; ///< the process that owns all this
  std::atomic<bool> closing{false};
};

} // namespace perron::httpd::core
