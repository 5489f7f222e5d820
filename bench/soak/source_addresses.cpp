// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/source_addresses.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cerrno>
#include <string>

namespace perron::soak {

runtime::result<std::uint32_t> parse_address(std::string_view text) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1)
    return runtime::error{"not an IPv4 address: " + std::string(text), EINVAL};
  return ntohl(address.s_addr);
}

runtime::result<source_addresses> parse_sources(std::string_view text, std::uint32_t server) {
  constexpr std::uint32_t most = 16'000;
  if (text.empty()) {
    if (server >> 24 != IN_LOOPBACKNET)
      return source_addresses{};
    return source_addresses{INADDR_LOOPBACK, most};
  }
  const std::size_t dash = text.find('-');
  const auto first = parse_address(text.substr(0, dash));
  if (!first)
    return first.error();
  if (dash == std::string_view::npos)
    return source_addresses{*first, 1};
  const auto last = parse_address(text.substr(dash + 1));
  if (!last)
    return last.error();
  if (*last < *first || *last - *first >= 1U << 24U)
    return runtime::error{"not a range of addresses: " + std::string(text), EINVAL};
  return source_addresses{*first, *last - *first + 1};
}

} // namespace perron::soak
