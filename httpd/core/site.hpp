// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/handshake_queue.hpp>
#include <perron/httpd/core/in_flight.hpp>
#include <perron/httpd/ip_address.hpp>
#include <perron/httpd/server.hpp>
#include <perron/runtime/core/counter.hpp>
#include <perron/runtime/core/process.hpp>
#include <perron/runtime/core/worth_trying.hpp>
#include <perron/supervisors/core/request_site.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace perron::httpd::core {

class connection;
class acceptor;
class proxy_greeting;
class address_limits;
class generation;

/// What one worker keeps for a server: its listening socket and its connections. Touched only by whoever
/// holds that worker, but for the figure.
struct alignas(64) site_shard {
  connection* first = nullptr;             ///< all connections of this worker
  proxy_greeting* greetings = nullptr;     ///< those that are not connections yet
  acceptor* accepting = nullptr;           ///< the first of those of this worker
  generation* now = nullptr;               ///< what requests begin with
  runtime::core::worth_trying early_reads; ///< of what was just accepted
  runtime::core::counter refused;
  runtime::core::counter limited;
  handshake_queue handshakes;
  runtime::core::counter handshakes_begun;
  runtime::core::counter handshakes_over;
  runtime::core::counter handshakes_failed; ///< of those that are over
};

/// How many connections a server may have that wants so many, 0 for as many as possible: descriptors are a
/// limit, and the program needs some for itself.
std::size_t connections_allowed(std::size_t wanted) noexcept;

/// A server's state: what it listens with, a shard for each worker, and what its process shares as a request
/// supervisor. Shared by the server process and every connection, so it lives until the last of them is gone.
///
/// | field            | who may touch it                                                |
/// |------------------|-----------------------------------------------------------------|
/// | listens, proxies | written before the first connection, then read by anybody        |
/// | per_address      | see there                                                       |
/// | unsent           | see in_flight                                                    |
/// | shards[i]        | see site_shard                                                   |
/// | says_full        | set by the server process, taken back by who tells              |
/// | tells_full,      | written by the server process before says_full is set for the   |
/// |  server          | first time, read by who has taken it back                        |
/// | the rest         | see request_site                                                 |
class site final : public runtime::core::end_observer, public supervisors::core::request_site {
public:
  site(const server_options& o, hosts h, std::size_t workers);
  ~site() override;

  /// A request process has ended: its connection goes on or is closed.
  void process_ended(runtime::core::process& who, const runtime::exit_reason& why) noexcept override;

  std::string label_of(const supervisors::core::request_entry& e) const override;

  server_stats stats() const noexcept;

  /// Whether connections end with their request even if its answer does not say so.
  bool ends_connections() const noexcept {
    return closing.load(std::memory_order_relaxed) && !winds_down.load(std::memory_order_relaxed);
  }

  /// No client can be accepted now. Tells who wants to know, if that has not been done.
  void say_full() noexcept {
    if (says_full.load(std::memory_order_relaxed)) [[unlikely]]
      tell_full();
  }

  /// Whether connections of worker `at` are made with a visitor.
  bool asks_who(std::size_t at) const noexcept;

  /// As it was started. What may have been replaced since, ask a generation.
  const server_options listens;
  const std::vector<ip_network> proxies;             ///< of listens.proxy_protocol_from
  const std::unique_ptr<address_limits> per_address; ///< null while they are off
  in_flight unsent;
  std::vector<site_shard> shards;
  /// While closing: only connections whose answer has said so end with it (wind_down()). Written by the
  /// server process and, at a drain, by the workers.
  std::atomic<bool> winds_down{false};
  std::atomic<bool> says_full{false};
  std::string tells_full{}; ///< a name
  runtime::pid server{};

private:
  void tell_full() noexcept;
};

} // namespace perron::httpd::core
