// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace perron::httpd {

/// Whose requests are counted together.
enum class rate_key : std::uint8_t {
  address, ///< one address, or one IPv6 network (client_address.hpp)
  user,    ///< who has said who they are (basic_auth.hpp), else as address
  all,     ///< all who ask
};

struct rate_limit_options {
  std::uint32_t requests = 10; ///< so many
  std::chrono::seconds per{1}; ///< in so long, on the average
  std::uint32_t burst = 0;     ///< at once after a pause; 0: as many as `requests`
  rate_key by = rate_key::address;
  /// Instead of `by`: requests with equal texts count together, those with an empty one are not limited.
  std::function<std::string(request&)> key{};
  std::uint8_t ipv6_prefix = 64;
  std::size_t max_keys = 16'384; ///< about how many are remembered, 16 bytes each
  bool tell = true;              ///< RateLimit fields on every answer
};

/// Lets so many requests through and answers others with a 429 and Retry-After. Each call makes a limit of
/// its own: routes that share one use the same middleware, or routers mounted below it.
///
///     login.use(rate_limit({.requests = 5, .per = 60s}));
///
/// The memory is fixed: when very many keys come at once those that were longest away are forgotten, which
/// makes the limit lenient, never strict against somebody else. With `tell`, answers have RateLimit-Policy
/// and RateLimit (draft-ietf-httpapi-ratelimit-headers-10). For what costs less than a process per request
/// see server_options::per_address. Throws std::invalid_argument if check() has something to say.
middleware rate_limit(rate_limit_options options);
runtime::result<void> check(const rate_limit_options& options);

} // namespace perron::httpd
