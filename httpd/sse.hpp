// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/receive_aside.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/response.hpp>
#include <perron/httpd/sse_format.hpp>
#include <perron/httpd/writer.hpp>
#include <perron/runtime/deadline.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace perron::httpd {

/// How a stream is kept alive.
struct sse_options {
  /// Something is sent when nothing was for so long, so that a dead peer is noticed and proxies do not give
  /// up.
  std::chrono::milliseconds heartbeat{15'000};
  std::string heartbeat_text = ":\n\n";             ///< encoded; by default a comment, which pages do not see
  std::optional<std::chrono::milliseconds> retry{}; ///< how long the client waits before it connects again
};

/// A stream of server-sent events (WHATWG HTML 9.2) as the answer to a request:
///
///     httpd::response prices(httpd::request& r) {
///       httpd::sse stream(r);
///       runtime::join_group("prices");
///       for (;;)
///         stream.receive([&](const price& p) { stream.send({.data = p.json, .id = p.number, .event =
///         "price"}); });
///     }
///
/// Sending waits while the peer is slow. A peer that goes away ends the process with reason client_gone, also
/// while it waits in receive(); one that takes nothing for write_time with slow_reader. Lives in the handler.
class sse {
public:
  /// Sends the head: not to be kept, transformed or buffered by anybody on the way. Takes the connection out
  /// of what max_connections counts.
  explicit sse(request& r, sse_options options = {});
  sse(const sse&) = delete;
  sse& operator=(const sse&) = delete;

  /// The id of the last event that this client has seen on a stream before; empty: none. Anything may be in
  /// it.
  const std::string& last_event_id() const noexcept { return last_event_id_; }

  void send(const sse_event& what);
  void send(std::string_view data) { send(sse_event{.data = data}); }
  /// Text that is encoded already, for many streams at once (sse_format.hpp).
  void send_encoded(std::string_view text);

  /// As runtime::receive, with heartbeats while it waits.
  template <class... Clauses>
  auto receive(Clauses&&... clauses) {
    return core::receive_aside(*this, std::forward<Clauses>(clauses)...);
  }

  /// To be returned by a handler that has nothing more to say. The client connects again; to tell it not to,
  /// answer its next request with 204.
  response end() { return out_.end(); }

  // -- for receive_aside
  template <class R>
  static std::tuple<> clauses(bool&) {
    return {};
  }
  std::chrono::nanoseconds left() const { return beat_.left(); }
  void time_is_over() { send_encoded(options_.heartbeat_text); }

private:
  sse_options options_;
  std::string last_event_id_;
  writer out_;
  runtime::deadline beat_;
};

} // namespace perron::httpd
