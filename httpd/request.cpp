// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/request.hpp>

#include <perron/httpd/core/exchange.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>

namespace perron::httpd {

std::string_view request::method() const noexcept { return exchange_.head().method; }
std::string_view request::path() const noexcept { return exchange_.target().path; }
const query_view& request::query() const noexcept { return exchange_.target().query; }
header_view request::headers() const noexcept { return exchange_.head().headers(); }
void request::leave_count() { exchange_.on().leave_count(); }
std::string_view request::body() { return exchange_.body(); }

std::string request::param(std::string_view name) const {
  const auto value = exchange_.params().get(name);
  return value ? decode_segment(*value) : std::string();
}

std::string request::peer() const {
  if (const core::visitor* from = exchange_.on().from(); from != nullptr && from->is_proxied())
    return from->to_string();
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (::getpeername(exchange_.on().fd, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (at.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(at);
    ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
    return std::string(text) + ':' + std::to_string(ntohs(four.sin_port));
  }
  if (at.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(at);
    ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    return '[' + std::string(text) + "]:" + std::to_string(ntohs(six.sin6_port));
  }
  return {};
}

router& router::add(std::string_view method, std::string_view pattern, handler h) {
  if (const auto added = table_.add(method, pattern, std::move(h)); !added)
    throw std::invalid_argument("perron: route " + std::string(method) + ' ' + std::string(pattern) + ": " +
                                added.error().text);
  return *this;
}

} // namespace perron::httpd
