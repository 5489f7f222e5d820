// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/request_end.hpp>

#include <cstddef>
#include <cstdint>

namespace perron::httpd::core {

struct inbound;

/// How far the answer to a request has got.
enum class outcome : std::uint8_t {
  none,        ///< nothing is out
  begun,       ///< some of the head may be
  begun_open,  ///< the same, and the body is one that ends with the connection
  done_keep,   ///< all of it is, and the connection can go on
  done_close,  ///< all of it is, and the connection ends
  done_unread, ///< as done_close, but the peer may still be sending
};

/// What a connection keeps of the request that is under way; see there for who may touch it.
struct exchange_state {
  inbound* in = nullptr;
  std::size_t used = 0;     ///< bytes of `in` that belong to this request; the rest is the next one's
  std::uint16_t status = 0; ///< of the final answer; 0: none was begun
  core::outcome outcome = core::outcome::none;
  supervisors::request_end how = supervisors::request_end::normal; ///< written by its end
  bool late = false;                                               ///< its body did not come in time
  bool counted = true;                                             ///< has not left the count of connections
  bool asks_home = false;                                          ///< ask_home() was called
  bool upgraded = false;                                           ///< it carries another protocol
  bool handshakes = false;                                         ///< the process is no request's
  /// Bytes of the answer that were taken, less those of its head; of no meaning without a status.
  std::int64_t body_sent = 0;
};

} // namespace perron::httpd::core
