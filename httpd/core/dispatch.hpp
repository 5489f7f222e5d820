// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/conversation.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/routes.hpp>

#include <string>
#include <string_view>

namespace perron::httpd::core {

/// What a request is answered with: that of the handler the router has for it, or an error. What a handler
/// throws comes out of here, but for an http_error before the answer has begun. `req` is to live until the
/// answer is sent, as before_send() may look at it.
response dispatch(conversation& c, request& req, const router& routes);

/// What `routes` answer to another target of the same request; empty: its own. Throws as handlers do.
response forward(conversation& c, request& r, const router& routes, std::string target);

/// "404 Not Found", and why, as plain text.
response plain_error(int status, std::string_view why);

} // namespace perron::httpd::core
