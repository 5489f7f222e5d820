// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

namespace perron::runtime::core {
struct worker;
}
namespace perron::httpd::http1 {
struct request_head;
}

// Telling a server's access_sink, which there must be, of requests that are over. On the worker given.
namespace perron::httpd::core {

class connection;
class site;

/// The request of a connection that has been given back, and still has its head.
void record_end(connection& c, runtime::core::worker& at) noexcept;

/// What send_error() has just answered without a process; `head` is null where it is not complete, `came`
/// what there is of it.
void record_refusal(connection& c, runtime::core::worker& at, std::string_view came,
                    const http1::request_head* head) noexcept;

/// A 503 to a client that did not become a connection.
void record_turned_away(site& from, runtime::core::worker& at, int socket, std::int64_t body_bytes) noexcept;

} // namespace perron::httpd::core
