// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/ip_address.hpp>
#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <optional>
#include <string>
#include <vector>

namespace perron::httpd {

struct address_rule {
  bool allow = false;
  std::string from{}; ///< "192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "unix" or "all"
};

struct allow_deny_options {
  std::vector<address_rule> rules{}; ///< in this order; the first that has the address says
  bool otherwise = true;             ///< whether who is in none of them may come in
};

/// Who may come in, by the client's address (client_address.hpp): others get a 403.
///
///     r.use(allow_deny({.rules = {{false, "10.0.0.13"}, {true, "10.0.0.0/8"}}, .otherwise = false}));
///
/// An IPv4 client is the same on an IPv4 listener and on one for both (::ffff:10.0.0.1), and rules for the
/// one hold for the other. "unix" are clients of Unix sockets, which have no address; "all" has them too.
/// Throws std::invalid_argument if check() has something to say. About 5 ns a rule.
middleware allow_deny(const allow_deny_options& options);
runtime::result<void> check(const allow_deny_options& options);

/// The rules alone, for who has an address from elsewhere. A value; any thread.
class address_rules {
public:
  /// Throws std::invalid_argument.
  explicit address_rules(const allow_deny_options& options);

  /// Nothing: the client of a Unix socket.
  bool allow(const std::optional<ip_address>& from) const noexcept;

private:
  struct rule {
    bool allow;
    bool has_unix;
    bool has_addresses;
    std::optional<ip_network> network; ///< nothing: every address, if it has some
  };

  std::vector<rule> rules_;
  bool otherwise_;
};

} // namespace perron::httpd
