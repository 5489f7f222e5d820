// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>
#include <perron/httpd/ip_address.hpp>
#include <perron/httpd/routes.hpp>
#include <perron/supervisors/request_end.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace perron::runtime::tls {
struct session_info;
}

namespace perron::httpd {

/// What became of one request, told when it is over: when the last byte of its answer was taken by the
/// kernel, its process crashed, its peer left. Long polls, streams and upgraded connections are told of at
/// their end as well. Views are valid only while the sink looks at it, and hold what the peer sent: see to
/// control characters before they reach a log.
struct access_record {
  unsigned worker = 0; ///< number of the worker that tells; see access_sink
  /// The client, or whom a trusted proxy names as such; null for Unix sockets, and when it is not known any
  /// more.
  const ip_address* peer = nullptr;

  const runtime::tls::session_info* tls = nullptr; ///< null without TLS

  // -- what was asked; empty when no head could be read

  std::string_view method{};
  std::string_view target{}; ///< as sent
  std::string_view host{};   ///< the authority that counts, "example.org:8080" (RFC 9112 3.3)
  std::uint8_t minor_version = 1;
  header_view headers{};
  /// Who was let in (request::tell_user), as basic_auth() does; empty: nobody said so.
  std::string_view user{};
  /// Of a head that was refused or did not come to its end: what there is of its first line, 512 bytes at
  /// most.
  std::string_view first_line{};

  // -- what was answered

  /// The final status, 101 of an upgrade; 0: none was begun.
  int status = 0;
  /// What the kernel took of the answer behind its head: frames of chunks too, and all of what an upgraded
  /// connection sent; with TLS, before encryption.
  std::uint64_t body_bytes = 0;
  std::chrono::system_clock::time_point time{}; ///< now, the end
  std::chrono::nanoseconds duration{0};         ///< since the head was complete
  supervisors::request_end how = supervisors::request_end::normal;
  /// Answered without a process: a bad head, one that came too slowly, a client beyond its limits.
  bool refused = false;
  bool upgraded = false; ///< to another protocol
};

/// Who is told of every request of a server: server_options.access. One sink may serve several servers of
/// one node.
///
///     class counting final : public httpd::access_sink {
///       void tell(const httpd::access_record& r) noexcept override { ... }
///     };
///     options.access = std::make_shared<counting>();
///
/// Not for what must know a request before it is answered: that is middleware. With a sink a server asks for
/// the address of each client when it comes (one system call), reads two clocks for each request, and keeps
/// the heads of upgraded requests until they end.
class access_sink {
public:
  access_sink() = default;
  access_sink(const access_sink&) = delete;
  access_sink& operator=(const access_sink&) = delete;
  virtual ~access_sink() = default;

  /// On a worker's thread, inside of the engine: must neither wait nor allocate much, and can use nothing
  /// that needs a process. Calls with the same record.worker never overlap, those with different ones do.
  virtual void tell(const access_record& what) noexcept = 0;
};

/// Middleware: its routes tell `sink` of their requests instead of the server's one, which there must be all
/// the same. So sites and paths may have logs of their own; what no route answers is the server's.
middleware tell_access(std::shared_ptr<access_sink> sink);

} // namespace perron::httpd
