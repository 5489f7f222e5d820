// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>

#include <string>

namespace perron::httpd {

/// Answers GET /.well-known/acme-challenge/TOKEN with the file TOKEN of a folder, into which an ACME client
/// (certbot --webroot, acme.sh, lego) writes (RFC 8555 8.3); other requests go on. To be used before whatever
/// redirects or asks for a password.
///
///     r.use(acme_challenge("/var/lib/acme"));
///     r.use(secure_redirect());
///     r.any("/*path", ...);   // middleware is asked for paths only that some route has
///
/// Tokens are of the base64url alphabet; anything else, and what is no regular file of at most 4 KiB below
/// the folder, is not found. Throws std::system_error if there is no such folder.
middleware acme_challenge(const std::string& folder);

} // namespace perron::httpd
