// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/ip_address.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace perron::httpd {

/// The address of the client: what forwarded_for() found out, else the other end of the connection, behind a
/// proxy that speaks the PROXY protocol the one that it names. Nothing for Unix sockets. Found out once for
/// each request, about a microsecond.
std::optional<ip_address> client_address(request& r);

/// Which field forwarded_for() reads.
enum class forwarded_field : std::uint8_t {
  x_forwarded_for, ///< X-Forwarded-For and X-Forwarded-Proto
  forwarded,       ///< Forwarded (RFC 7239)
};

struct forwarded_for_options {
  /// Addresses and networks of the proxies; what anybody else says in the field is not believed.
  std::vector<std::string> trusted{};
  forwarded_field field = forwarded_field::x_forwarded_for;
};

/// For servers behind proxies that add a field with their client's address. Of the addresses in it the last
/// one that is no trusted proxy is the client, as everything to the left of it can be the client's own
/// invention; if what stands there is no address ("unknown", an obfuscated name), the proxy that wrote it
/// counts as the client. The scheme is that which the proxy nearest to us says.
///
///     r.use(forwarded_for({.trusted = {"10.0.0.0/8"}}));
///     r.use(allow_deny(...));                            // sees the client, not the proxy
///
/// Throws std::invalid_argument if check() has something to say. Not needed behind the PROXY protocol.
middleware forwarded_for(const forwarded_for_options& options);
runtime::result<void> check(const forwarded_for_options& options);

/// Whether the client came by TLS: as a trusted proxy says in the request's field, see forwarded_for(), else
/// whether this connection is one.
bool came_securely(request& r);

} // namespace perron::httpd
