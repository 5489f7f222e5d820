// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/connection.hpp>
#include <perron/httpd/core/effective_limits.hpp>
#include <perron/httpd/core/reader_pace.hpp>

#include <cstdint>
#include <span>
#include <string_view>

// Writing to a connection, for the process that owns it. Each waits while the peer is slow; it ends the
// process with client_gone if the peer has left, and with slow_reader if it is slower than its pace allows.
namespace perron::httpd::core {

void send_all(connection& to, std::span<const std::string_view> parts, reader_pace& pace);

/// Two pieces, the second of which may be empty: what most answers are.
void send_two(connection& to, std::string_view first, std::string_view second,
              const effective_limits& limits);

/// `head`, which may be empty, and behind it a part of an open file, by the kernel. Throws std::runtime_error
/// if the file ends before.
void send_file(connection& to, std::string_view head, int file, std::uint64_t offset, std::uint64_t count,
               reader_pace& pace,
               runtime::net::detail::head_goes when = runtime::net::detail::head_goes::ahead);

/// Ends the process as one whose peer has left.
[[noreturn]] void client_gone();

} // namespace perron::httpd::core
