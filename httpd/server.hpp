// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/address_limit_options.hpp>
#include <perron/httpd/hosts.hpp>
#include <perron/httpd/http1/request_head.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/request_supervisor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perron::runtime::tls {
class server_context;
}

namespace perron::httpd {

class access_sink;

/// Where and how a server listens. The defaults are safe on the open internet.
struct server_options {
  std::string name{}; ///< registered name of the server process; empty: none
  /// Numeric, IPv4 or IPv6; or a Unix socket, "unix:/run/shop.sock". Of that the file is made, in place of
  /// one that nobody listens on any more, and removed at the end.
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080; ///< 0: any free one; see server_port
  unsigned unix_mode = 0660; ///< of the file of a Unix socket: who may write to it may connect
  std::optional<unsigned> unix_uid{};
  std::optional<unsigned> unix_gid{};
  /// Descriptors of listening sockets to take connections from instead of host and port, as a service manager
  /// hands them in (sd_listen_fds), or as another server of this program has them: each connection goes to
  /// one of the two. At most one for each worker. The server works on copies, so they stay yours: while they
  /// are open clients can connect, and wait if no server is there.
  std::vector<int> inherited{};
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

  /// Every connection speaks TLS with what this shows and accepts (runtime/tls/server_context.hpp); null:
  /// none does. Clients that ask by plain HTTP all the same are told so by a 400. Where client certificates
  /// are asked for, a request for another host than the handshake named gets a 421 (RFC 9110 15.5.20), as
  /// what was asked of the client was asked for that one. Certificates are changed by reload(), or by another
  /// context in replace().
  std::shared_ptr<runtime::tls::server_context> tls{};
  /// The kernel seals what is sent over TLS, where it can (Linux with module tls, loaded before the first
  /// connection; runtime/tls/README.md): files go from its cache to the client without passing through the
  /// program. Worth it where the kernel's ciphers are as fast as OpenSSL's, and files large.
  bool tls_uses_kernel = false;
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
  std::chrono::milliseconds write_time{30'000}; ///< in which the peer must take something of an answer
  /// Bytes a second that a peer must take of an answer, counted only while its writer waits for the socket,
  /// so that streams in which nothing happens cost nothing; 0: any. One that falls behind that by more than
  /// the grace ends as one that takes nothing. It is counted by what the peer has acknowledged, and what it
  /// took faster once does not count for later. Not for connections after an upgrade: they have write_time
  /// alone.
  std::uint64_t min_write_rate = 240;
  std::chrono::milliseconds write_grace{30'000};
  /// For a request, from its complete head to the end of its answer; then it is told to shut down, a second
  /// later killed, and the client gets a 503 if nothing is out yet. Coarse: may be late by a few ms. 0: none,
  /// as long polls want it.
  std::chrono::milliseconds request_time{0};
  /// Whether a client that ends its sending half still gets its answer while the handler waits in receive or
  /// call. By default it has left, as it cannot be told from one that has closed altogether; a reset can.
  bool answers_half_closed = false;
  /// Bytes that the kernel takes for a connection beyond what is on its way to the peer (TCP_NOTSENT_LOWAT):
  /// with what is on its way, the bound of what a slow reader holds here, as writers wait and buffer nothing.
  /// 0: the system's bound, some megabytes. Of a file larger than a megabyte it takes up to 4 MB, which stay
  /// in the page cache; over TLS up to 1 MB, and the usual for the file's end.
  std::size_t max_unsent = std::size_t(128) * 1024;
  /// Bytes that the kernel holds for all connections together whose writers wait for their readers. While it
  /// is more, the kernel takes only 16 KB for a connection beyond what is on its way, instead of max_unsent:
  /// each writer waits earlier, but for its own reader alone. So the bound is this and 16 KB for each
  /// connection. Answers that the kernel took whole are not counted; max_unsent and max_connections bound
  /// those. 0: none.
  std::size_t max_in_flight = std::size_t(64) * 1024 * 1024;
  std::chrono::milliseconds drain_time{5'000}; ///< for running requests when the server stops
  /// Told of every request at its end (access_record.hpp); null: nobody.
  std::shared_ptr<access_sink> access{};
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
  std::uint64_t slow_readers = 0; ///< the client took nothing for write_time, or less than min_write_rate
  std::uint64_t late = 0;         ///< body_time or request_time was over
  std::uint64_t drained = 0;      ///< ended by a drain or the server's stop
  std::uint64_t killed = 0;       ///< ended by order at another time
  std::uint64_t refused = 0;      ///< heads answered with an error without a process
  std::uint64_t limited = 0;      ///< requests answered with a 429, beyond the rate of their address
  std::uint64_t in_flight = 0;    ///< bytes that wait in the kernel now for slow readers, see max_in_flight
  std::uint64_t handshakes = 0;   ///< processes made for TLS handshakes so far; these are no requests
  std::uint64_t handshakes_failed = 0; ///< of these, ended without success
  std::uint64_t turned_away = 0; ///< clients answered with a 503, at the hard limit or that of their address
};

/// Starts a server: a process that owns one listening socket per worker and, in the end, every connection. It
/// is linked to the caller. Each request runs in its own process under it; see README.md in this folder for
/// who does what. Gives the server's pid, or why it could not listen.
///
/// A router is hosts with one router for every name (hosts.hpp).
///
/// It is a request supervisor: count_requests, which_requests, stop_request, set_max_connections, suspend,
/// resume and drain take its pid (supervisors/request_supervisor.hpp).
///
/// An exit signal, say of its supervisor, stops it in order: no new connections, idle ones closed, running
/// requests get drain_time, then are told to end, then are killed.
runtime::result<runtime::pid> start_server(const server_options& options, hosts sites);

/// From the return on, requests that begin are answered by `sites`. Those under way, long polls and
/// WebSockets too, go on with what they began with; nothing is interrupted, nobody waits, no connection ends.
/// What no request has any more is freed. From any process; the call goes to the server. Costs an errand to
/// each worker.
runtime::result<void> replace(runtime::pid server, hosts sites);
/// The same, and the options too, for all but what a server has from its start to its end: name, host, port,
/// unix_*, inherited, backlog, max_in_flight, per_address and proxy_protocol_from, which must be the same
/// (code EINVAL, and the name of the first that is not; alarms stay as they were). Idle connections get new
/// times from their next request on.
runtime::result<void> replace(runtime::pid server, hosts sites, server_options options);

/// The gentle beginning of a drain: nobody is accepted any more, and each connection ends with its next
/// answer, which says so (Connection: close). Idle ones are left alone until then, since a request that is on
/// its way while its connection is closed is lost to the client. Comes before drain() where another server
/// takes over the sockets; resume_accepting() takes it back. From any process.
runtime::result<void> wind_down(runtime::pid server);

/// The port a server listens on (0: a Unix socket), and its figures. From any process; the call goes to the
/// server.
runtime::result<std::uint16_t> server_port(runtime::pid server);
runtime::result<server_stats> stats_of(runtime::pid server);

} // namespace perron::httpd
