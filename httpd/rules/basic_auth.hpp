// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/request.hpp>
#include <perron/httpd/routes.hpp>
#include <perron/httpd/rules/htpasswd.hpp>
#include <perron/runtime/result.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd {

/// Who the request is from, as basic_auth() left it: `r.local<authenticated_user>().name`; empty: nobody.
struct authenticated_user {
  std::string name{};
};

struct basic_auth_options {
  std::string realm = "Restricted";  ///< what browsers show
  std::shared_ptr<htpasswd> users{}; ///< who there is
  /// Instead of users: says whether this is the user's password. Called in the request's process.
  std::function<bool(std::string_view user, std::string_view password)> verify{};
  std::vector<std::string> only{}; ///< of the users, these alone; empty: all
};

/// Asks for a name and a password (RFC 7617). Who has none, or a wrong one, gets a 401. Passwords go over the
/// wire in the clear: for TLS, or behind it. The field is not hidden from handlers.
///
///     r.use(basic_auth({.realm = "Staff", .users = htpasswd::open("/etc/perron/users").value()}));
///
/// To slow down guessing, use rate_limit() before it. Throws std::invalid_argument if check() has something
/// to say.
middleware basic_auth(basic_auth_options options);
runtime::result<void> check(const basic_auth_options& options);

} // namespace perron::httpd
