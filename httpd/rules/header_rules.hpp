// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace perron::httpd {

enum class header_action : std::uint8_t {
  add,        ///< one more line, whatever there is
  set,        ///< this line alone, in place of whatever there is
  set_if_new, ///< only if there is none yet
  erase,      ///< all lines of this name
};

struct header_rule {
  header_action action = header_action::set;
  std::string name{};
  std::string value{};   ///< not of erase
  bool on_errors = true; ///< also on answers of 400 and above
};

/// Changes fields of every answer, in this order, those of thrown errors and of streams too; not that to a
/// crash.
///
///     r.use(header_rules({{header_action::set, "X-Frame-Options", "DENY"},
///                         {header_action::erase, "X-Powered-By"}}));
///
/// What inner middleware and handlers set is there already; outer middleware may still change it. For
/// Content-Type `add` is as `set_if_new`, since there is one only. Throws std::invalid_argument if check()
/// has something to say of one.
middleware header_rules(std::vector<header_rule> rules);

/// Refused are names and values that cannot be sent (RFC 9110 5.1, 5.5: a line break would begin a field of
/// its own) and the fields that the server itself writes: Connection, Content-Length, Date,
/// Transfer-Encoding, Upgrade.
runtime::result<void> check(const header_rule& rule);

} // namespace perron::httpd
