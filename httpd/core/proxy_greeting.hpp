// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/site.hpp>
#include <perron/httpd/http1/proxy_header.hpp>
#include <perron/runtime/core/poller.hpp>
#include <perron/runtime/core/timer.hpp>

#include <cstdint>
#include <memory>

namespace perron::httpd::core {

namespace rc = runtime::core;

/// A client connection whose PROXY header has not all come: a record in the poller of its home worker, until
/// the header tells whom the connection is from. Then it becomes a connection, and the bytes behind the
/// header are still in the socket, since it only looks at them (MSG_PEEK) before it knows the header's end.
/// Counted like a connection. One that says anything else, or nothing for head_time, is closed without a
/// word.
///
/// Touched only on its home worker.
class proxy_greeting final : public rc::poll_handler {
public:
  /// Takes a fresh connection of a trusted proxy. False: there was no memory.
  static bool begin(const std::shared_ptr<site>& to, rc::worker& at, int socket) noexcept;
  /// All of this worker.
  static void close_all(site_shard& of) noexcept;

private:
  struct time_limit final : rc::wheel_timer {
    proxy_greeting* of;
    explicit time_limit(proxy_greeting* g) noexcept : wheel_timer(&proxy_greeting::on_timer), of(g) {}
  };

  proxy_greeting(std::shared_ptr<site> to, rc::worker& at, int socket) noexcept;

  static void on_ready(rc::poll_handler& self, std::uint32_t events, rc::worker& at);
  static void on_timer(rc::wheel_timer& self, rc::worker& at);
  static void on_dispose(rc::poll_handler& self) noexcept;

  void look(rc::worker& at, bool is_last) noexcept;
  void become_connection(rc::worker& at, const http1::proxy_header& header) noexcept;
  void leave() noexcept;

  std::shared_ptr<site> site_;
  time_limit timer_{this};
  proxy_greeting* next_ = nullptr;
  proxy_greeting* previous_ = nullptr;
};

} // namespace perron::httpd::core
