// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/connection.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

// Writing to a connection, for the process that owns it. Each waits while the peer is slow; it ends the
// process with client_gone if the peer has left, and with slow_reader if it has taken nothing for
// `write_time`.
namespace perron::httpd::core {

void send_all(connection& to, std::span<const std::string_view> parts, std::chrono::milliseconds write_time);

/// Two pieces, the second of which may be empty: what most answers are.
void send_two(connection& to, std::string_view first, std::string_view second,
              std::chrono::milliseconds write_time);

/// From an open file, by the kernel. Throws std::runtime_error if it ends before.
void send_file(connection& to, int file, std::uint64_t offset, std::uint64_t count,
               std::chrono::milliseconds write_time);

/// Waits for room in the socket. `due` is when the peer will have taken nothing for too long; 0: it just has
/// taken something, and the time begins.
void wait_for_room(connection& to, std::uint64_t& due, std::chrono::milliseconds write_time);

/// Ends the process as one whose peer has left.
[[noreturn]] void client_gone();

} // namespace perron::httpd::core
