// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>
#include <perron/httpd/http_date.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/response.hpp>
#include <perron/runtime/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

/// The cookies of a request (RFC 6265bis 4.2): `cookies(r).get("session")`. A view of its Cookie fields,
/// valid as long as they are. Pairs are split at ';', blanks around name and value are dropped; quotes are
/// part of a value, as browsers treat them. What has no '=' or a name that is no token is skipped, so that
/// one bad cookie of a neighbour costs no other. Names are matched with their case. Look-ups walk, O(bytes),
/// and allocate nothing.
///
/// Anybody who may set cookies for a parent domain can put one of the same name before yours: give what
/// matters a name that begins with `__Host-`, which browsers let only this host set.
class cookies_view {
public:
  cookies_view() = default;
  explicit cookies_view(header_view headers) noexcept : headers_(headers) {}

  /// The first cookie of this name: of several, browsers send that with the longest path first.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  bool contains(std::string_view name) const noexcept { return get(name).has_value(); }

  /// Calls `visit(name, value)` for each, in order.
  template <class Visitor>
  void each(Visitor&& visit) const {
    headers_.each("Cookie", [&](std::string_view field) {
      while (!field.empty()) {
        std::string_view name;
        std::string_view value;
        if (cut_pair(field, name, value))
          visit(name, value);
      }
    });
  }

private:
  /// Cuts the text up to the next ';' off `field`; whether it was a pair.
  static bool cut_pair(std::string_view& field, std::string_view& name, std::string_view& value) noexcept;

  header_view headers_;
};

inline cookies_view cookies(const request& r) noexcept { return cookies_view(r.headers()); }

/// From which other sites a browser sends a cookie along (RFC 6265bis 4.1.2.7).
enum class same_site : std::uint8_t {
  strict, ///< never, not even when a link is followed
  lax,    ///< when a link is followed, not with posts or embedded requests
  none,   ///< always; needs `secure`
};

/// A cookie to be set. As it stands it is as safe as a session cookie should be: no script reads it, no
/// other site's form sends it, no connection without TLS carries it, and it ends with the browser.
struct cookie {
  std::string name;
  std::string value{};                           ///< cookie-octets: no blank, '"', ',', ';', '\\'
  std::string path = "/";                        ///< empty: the folder of the request
  std::string domain{};                          ///< empty: this host alone; else its subdomains too
  std::optional<std::chrono::seconds> max_age{}; ///< zero or less deletes the cookie
  std::optional<http_time> expires{};            ///< max_age wins where both are given
  same_site site = same_site::lax;
  bool secure = true; ///< over plain http most browsers keep such a cookie from localhost only
  bool http_only = true;
  bool partitioned = false; ///< one jar for each site that embeds this one (CHIPS); needs `secure`
};

/// The value of the Set-Cookie field. Errors say what is wrong: a name that is no token, a byte that has no
/// place in the value, path or domain, more than 4096 bytes of name and value or 1024 of an attribute, what a
/// browser would refuse (SameSite=None or Partitioned without Secure), and names that promise what the
/// attributes do not keep: `__Secure-` needs `secure`; `__Host-` that, the path "/" and no domain (RFC
/// 6265bis 4.1.3; prefixes without regard to case, as browsers do).
runtime::result<std::string> to_set_cookie(const cookie& c);

/// Adds the Set-Cookie field to a response. Throws std::invalid_argument where to_set_cookie has an error: a
/// value that comes from outside is to be encoded first.
response& set_cookie(response& to, const cookie& c);

/// Tells the browser to forget a cookie. Path and domain must be those that it was set with; the value does
/// not matter.
response& delete_cookie(response& in, cookie c);

} // namespace perron::httpd
