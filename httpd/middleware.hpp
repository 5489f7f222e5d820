// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>

#include <string>

namespace perron::httpd {

// Middleware for router::use(). Each adds its fields to every final answer that its routes give, thrown
// errors and streams included; a crash is answered without, and so is what no route has, unless there is a
// router::not_found().

/// The id of a request, as request_id() left it: `r.local<request_id_text>().text`.
struct request_id_text {
  std::string text;
};

/// Gives each request an id and sends it back under `field`. With `trust` it takes the one that the request
/// came with, if that is 1 to 128 token characters: for servers behind a proxy that sets it.
middleware request_id(std::string field = "X-Request-Id", bool trust = false);

/// Says how long the handler took until the head of the answer went out: `Server-Timing: total;dur=1.234`, in
/// milliseconds (W3C Server Timing). Tells clients what a request costs: not for all eyes.
middleware server_timing();

/// Fields that make browsers more careful, where the answer does not have its own: X-Content-Type-Options:
/// nosniff, X-Frame-Options: DENY and Referrer-Policy: same-origin.
middleware careful_browsers();

} // namespace perron::httpd
