// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace perron::httpd {

struct cors_options {
  /// "https://app.example.org"; "https://*.example.org" for all names below; "*" for any; "null" for pages
  /// without an origin, of which anybody can make one.
  std::vector<std::string> origins{};
  /// What pages may ask with, besides the simple ones that need no permission (GET, HEAD, POST).
  std::vector<std::string> methods{"GET", "HEAD", "POST"};
  std::vector<std::string> headers{}; ///< fields that pages may send; "*": those that they ask for
  std::vector<std::string> exposed{}; ///< fields of answers that pages may read
  bool credentials = false;           ///< with cookies and passwords; not with the origin "*"
  std::chrono::seconds max_age{600};  ///< how long browsers may keep the permission; 0: not at all
};

/// Lets pages of other origins use what is behind it (Fetch Standard 3.2, CORS).
///
///     api.use(cors({.origins = {"https://app.example.org"}, .methods = {"GET", "PUT"},
///                   .headers = {"Content-Type"}}));
///     api.use(basic_auth(...));   // behind it, as preflights come without credentials
///
/// Preflights (OPTIONS with Access-Control-Request-Method) are answered with 204, whatever the routes behind
/// take, and those that are refused are so by an answer without permission: the browser then fails. Other
/// requests go on in any case, as CORS protects what pages may read, not the server; answers to allowed
/// origins, errors among them, say so. `Vary: Origin` is on every answer that depends on it.
///
/// Throws std::invalid_argument if check() has something to say. For any origin without credentials the
/// answer is a plain "*", which caches can keep.
middleware cors(cors_options options);
runtime::result<void> check(const cors_options& options);

} // namespace perron::httpd
