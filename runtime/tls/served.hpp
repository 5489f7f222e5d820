// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <perron/runtime/result.hpp>
#include <perron/runtime/tls/certificate.hpp>
#include <perron/runtime/tls/library.hpp>
#include <perron/runtime/tls/names.hpp>
#include <perron/runtime/tls/options.hpp>
#include <perron/runtime/tls/ticket_keys.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perron::runtime::tls::detail {

/// What the callbacks of a server's sessions look things up in. It belongs to the OpenSSL context that
/// sessions begin with, and goes with the last of them. Not changed once made, but for the keys, which are
/// synchronised.
struct served {
  std::vector<certificate> certificates;
  names by_name;                       ///< to `contexts`
  std::vector<owned_context> contexts; ///< null: the one that sessions begin with
  std::string alpn;                    ///< as on the wire
  std::shared_ptr<ticket_keys> tickets;
  bool keeps_openssl = false; ///< see server_options
};

/// Reads all files and makes the context that sessions begin with.
result<owned_context> make_served(const server_options& options, std::shared_ptr<ticket_keys> tickets,
                                  std::vector<std::string>& warnings);

/// The protocol names of ALPN as on the wire (RFC 7301 3.1).
result<std::string> alpn_on_the_wire(const std::vector<std::string>& protocols);

/// Versions, ciphers and curves of a context of either side.
struct rules {
  std::string min_version;
  std::string max_version = "1.3";
  std::string ciphers{};
  std::string ciphersuites{};
  std::string curves{};
};
result<void> apply(const rules& of, ::SSL_CTX* to);

/// Puts a certificate and its key into a context of either side.
result<void> use(const certificate& shown, ::SSL_CTX* by);

/// Has the tickets of a context sealed with its keys.
void seal_tickets(::SSL_CTX* of);

/// What a server's session looks things up in.
const served& served_by(const ::SSL* session);

} // namespace perron::runtime::tls::detail
