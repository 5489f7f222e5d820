// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/resolve.hpp>

#include <perron/runtime/blocking.hpp>
#include <perron/runtime/net/failure.hpp>

#include <netdb.h>
#include <strings.h>

#include <cerrno>
#include <memory>
#include <string_view>

namespace perron::runtime::net {
namespace {

/// Adds the addresses; gives why there are none.
error ask_resolver(const std::string& host, std::uint16_t port, std::vector<address>& out) {
  ::addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  ::addrinfo* list = nullptr;
  const std::string what = "looking up '" + host + "'";
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code == EAI_SYSTEM)
    return detail::failure(what, errno);
  if (code != 0)
    return {what + ": " + ::gai_strerror(code), 0};
  const std::unique_ptr<::addrinfo, decltype(&::freeaddrinfo)> hold(list, &::freeaddrinfo);
  for (const ::addrinfo* a = list; a != nullptr; a = a->ai_next)
    if (const address one = address::from_system(a->ai_addr, a->ai_addrlen); one.is_ip())
      out.push_back(one);
  return {what + ": no address", 0};
}

/// RFC 6761 6.3: "localhost", and what ends in ".localhost".
bool is_local_name(std::string_view host) noexcept {
  constexpr std::string_view name = "localhost";
  if (host.ends_with('.'))
    host.remove_suffix(1);
  if (host.size() < name.size() || (host.size() > name.size() && host[host.size() - name.size() - 1] != '.'))
    return false;
  return ::strncasecmp(host.data() + host.size() - name.size(), name.data(), name.size()) == 0;
}

} // namespace

result<std::vector<address>> resolve(const std::string& host, std::uint16_t port) {
  std::vector<address> found;
  error why;
  blocking([&] { why = ask_resolver(host, port, found); });
  if (found.empty() && is_local_name(host))
    found = {address::loopback(port), address::parse("[::1]:" + std::to_string(port)).value()};
  if (found.empty())
    return why;
  return found;
}

} // namespace perron::runtime::net
