// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace perron::httpd {

struct secure_redirect_options {
  int status = 308;         ///< 301, 302, 307 or 308
  std::uint16_t port = 443; ///< of the TLS listener
  std::string host{};       ///< empty: the one that was asked
  /// Browsers that came by TLS are told to use nothing else for so long (HSTS, RFC 6797); 0: they are not.
  /// Not to be taken back before that time is over: begin with minutes.
  std::chrono::seconds hsts{0};
  bool include_subdomains = false;
  bool preload = false; ///< the site may be put on the lists that browsers are made with
};

/// Sends those who come without TLS to the same place with it, see came_securely(). Requests that name no
/// host get a 400.
///
///     r.use(acme_challenge("/var/lib/acme"));   // before it: certificate authorities ask without TLS
///     r.use(secure_redirect({.hsts = 24h}));
///
/// Throws std::invalid_argument if check() has something to say.
middleware secure_redirect(secure_redirect_options options = {});
runtime::result<void> check(const secure_redirect_options& options);

/// Only what it tells those who came by TLS: a Strict-Transport-Security of `options`, in place of one that
/// the handler has set; nobody is redirected. An empty one, not to be used, if hsts is 0. Throws as above.
middleware strict_transport(const secure_redirect_options& options);
/// The value of that field; empty if hsts is 0.
std::string hsts_value(const secure_redirect_options& options);

} // namespace perron::httpd
