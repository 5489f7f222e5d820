// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/address_limit_options.hpp>
#include <perron/httpd/http1/request_head.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/routes.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/request_supervisor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace perron::runtime::tls {
class server_context;
}

namespace perron::httpd {

/// Where and how a server listens. The defaults are safe on the open internet.
struct server_options {
  std::string name{};             ///< registered name of the server process; empty: none
  std::string host = "127.0.0.1"; ///< numeric, IPv4 or IPv6
  std::uint16_t port = 8080;      ///< 0: any free one; see server_port
  int backlog = 4096;

  /// At so many connections accepting sleeps and clients wait in the backlog; 0: as many as file descriptors
  /// allow, less some for the program. May be passed by as many as there are workers, less one.
  std::size_t max_connections = 0;
  /// At so many, clients get a 503 with Retry-After at once; 0: never. Counts those that have left the count
  /// of max_connections as well (request::leave_count).
  std::size_t hard_limit = 0;
  std::chrono::seconds retry_after{2};
  /// What one client address may have. Off, as it would hit everybody behind a load balancer at once.
  address_limit_options per_address{};
  /// Addresses ("127.0.0.1") or networks ("10.0.0.0/8", "2001:db8::/32") of the proxies in front of this
  /// server. If there are any, every connection must come from one and begin with a PROXY header, version 1
  /// or 2 (http1/proxy_header.hpp), and the client that it names is the peer; other connections are closed.
  std::vector<std::string> proxy_protocol_from{};
  std::vector<supervisors::connection_alarm> alarms{};

  /// Every connection speaks TLS with what this shows and accepts; null: none does. Clients that ask by plain
  /// HTTP all the same are told so by a 400.
  std::shared_ptr<runtime::tls::server_context> tls{};
  std::chrono::milliseconds handshake_time{10'000}; ///< for a TLS handshake, and for its first byte to come
  /// TLS handshakes under way at a time, each with a process of its own; more clients wait for their turn, in
  /// order. Divided among the workers, each of which has room for one at least. 0: any number.
  std::size_t max_handshakes = 512;

  http1::head_limits head{};
  std::size_t max_body = std::size_t(1) << 20; ///< bytes; beyond it 413; routes may have their own limits
  std::chrono::milliseconds head_time{10'000}; ///< from the first byte of a head to its last
  std::chrono::milliseconds idle_time{75'000}; ///< between requests
  /// For a body, counted only while a handler waits for it; 0: no limit.
  std::chrono::milliseconds body_time{30'000};
  /// Bytes a second that a body must come with, on the average, counted as body_time is, when the grace is
  /// over; 0: none.
  std::uint64_t min_body_rate = 240;
  std::chrono::milliseconds body_grace{5'000};
  /// What of a body the handler has not read is read and thrown away after the answer, so that the connection
  /// can go on: at most so many bytes, for at most so long; else it ends.
  std::size_t unread_body = std::size_t(64) * 1024;
  std::chrono::milliseconds unread_body_time{1'000};
  std::chrono::milliseconds write_time{30'000}; ///< without any progress
  /// For a request, from its complete head to the end of its answer; then it is told to shut down, a second
  /// later killed, and the client gets a 503 if nothing is out yet. Coarse: may be late by a few ms. 0: none,
  /// as long polls want it.
  std::chrono::milliseconds request_time{0};
  /// Whether a client that ends its sending half still gets its answer while the handler waits in receive or
  /// call. By default it has left, as it cannot be told from one that has closed altogether; a reset can.
  bool answers_half_closed = false;
  /// Bytes that the kernel takes for a connection beyond what is on its way to the peer (TCP_NOTSENT_LOWAT):
  /// with what is on its way, the bound of what a slow reader holds here, as writers wait and buffer nothing.
  /// 0: the system's bound, some megabytes.
  std::size_t max_unsent = std::size_t(128) * 1024;
  std::chrono::milliseconds drain_time{5'000}; ///< for running requests when the server stops
};

/// Figures of one server, a moment's picture. Requests that ended otherwise than normally stand under one
/// kind each (supervisors/request_end.hpp).
struct server_stats {
  std::uint64_t connections = 0; ///< open now
  std::uint64_t accepted = 0;
  std::uint64_t requests = 0; ///< processes made for requests so far
  std::uint64_t running = 0;  ///< of these, not ended yet
  std::uint64_t crashed = 0;
  std::uint64_t client_gone = 0;
  std::uint64_t slow_readers = 0;      ///< the client took nothing for write_time
  std::uint64_t late = 0;              ///< body_time or request_time was over
  std::uint64_t drained = 0;           ///< ended by a drain or the server's stop
  std::uint64_t killed = 0;            ///< ended by order at another time
  std::uint64_t refused = 0;           ///< heads answered with an error without a process
  std::uint64_t limited = 0;           ///< requests answered with a 429, beyond the rate of their address
  std::uint64_t handshakes = 0;        ///< processes made for TLS handshakes so far; these are no requests
  std::uint64_t handshakes_failed = 0; ///< of these, ended without success
  std::uint64_t turned_away = 0; ///< clients answered with a 503, at the hard limit or that of their address
};

/// Starts a server: a process that owns one listening socket per worker and, in the end, every connection. It
/// is linked to the caller. Each request runs in its own process under it; see README.md in this folder for
/// who does what. Gives the server's pid, or why it could not listen.
///
/// It is a request supervisor: count_requests, which_requests, stop_request, set_max_connections, suspend,
/// resume and drain take its pid (supervisors/request_supervisor.hpp).
///
/// An exit signal, say of its supervisor, stops it in order: no new connections, idle ones closed, running
/// requests get drain_time, then are told to end, then are killed.
runtime::result<runtime::pid> start_server(const server_options& options, router routes);

/// The port a server listens on, and its figures. From any process; the call goes to the server.
runtime::result<std::uint16_t> server_port(runtime::pid server);
runtime::result<server_stats> stats_of(runtime::pid server);

} // namespace perron::httpd
