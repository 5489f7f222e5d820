// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/net/address.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace perron::runtime::net {

/// The addresses of a host name for stream connections, best first (RFC 6724), as getaddrinfo(3) and the
/// system's configuration give them; never empty. Numbers are taken as they are; "localhost" and names that
/// end in ".localhost" are this machine where nobody says otherwise (RFC 6761 6.3). To be called by a
/// process, which waits on the pool of blocking(): it cannot be ended and has no deadline meanwhile but the
/// resolver's own. Errors have the resolver's text and code 0, or errno where the resolver gives it.
result<std::vector<address>> resolve(const std::string& host, std::uint16_t port);

} // namespace perron::runtime::net
