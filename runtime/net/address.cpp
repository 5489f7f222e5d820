// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/address.hpp>

#include <perron/runtime/net/failure.hpp>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>

namespace perron::runtime::net {
namespace {

constexpr std::size_t path_offset = offsetof(::sockaddr_un, sun_path);

// The storage is read and written as a copy of the family's own structure, never through a cast pointer.
template <class Specific>
Specific read_as(const ::sockaddr* from) noexcept {
  Specific out;
  std::memcpy(&out, from, sizeof out);
  return out;
}

template <class Specific>
address made_of(const Specific& specific, std::size_t size = sizeof(Specific)) noexcept {
  return address::from_system(reinterpret_cast<const ::sockaddr*>(&specific), static_cast<::socklen_t>(size));
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number out{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc() || end != text.data() + text.size() || text.empty())
    return std::nullopt;
  return out;
}

address ipv4(::in_addr_t host, std::uint16_t port) noexcept {
  ::sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(host);
  return made_of(out);
}

error not_an_address(std::string_view text) {
  return {"'" + std::string(text) +
              "' is not an address; write 127.0.0.1:80, [::1]:80, unix:/path or unix:@name",
          EINVAL};
}

std::optional<address> parse_ipv6(std::string_view host, std::uint16_t port) {
  ::sockaddr_in6 out{};
  out.sin6_family = AF_INET6;
  out.sin6_port = htons(port);
  if (const auto percent = host.find('%'); percent != std::string_view::npos) {
    const std::string scope(host.substr(percent + 1));
    out.sin6_scope_id = number<std::uint32_t>(scope).value_or(::if_nametoindex(scope.c_str()));
    if (out.sin6_scope_id == 0)
      return std::nullopt;
    host = host.substr(0, percent);
  }
  if (::inet_pton(AF_INET6, std::string(host).c_str(), &out.sin6_addr) != 1)
    return std::nullopt;
  return made_of(out);
}

std::optional<address> parse_ipv4(std::string_view host, std::uint16_t port) {
  ::sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  if (::inet_pton(AF_INET, std::string(host).c_str(), &out.sin_addr) != 1)
    return std::nullopt;
  return made_of(out);
}

} // namespace

result<address> address::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return not_an_address(text);
  if (text.starts_with("unix:@"))
    return unix_abstract(text.substr(6));
  if (text.starts_with("unix:"))
    return unix_path(text.substr(5));
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return not_an_address(text);
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  const std::string_view host = text.substr(0, colon);
  if (!port)
    return not_an_address(text);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const auto out = bracketed ? parse_ipv6(host.substr(1, host.size() - 2), *port) : parse_ipv4(host, *port);
  if (!out)
    return not_an_address(text);
  return *out;
}

address address::loopback(std::uint16_t port) noexcept { return ipv4(INADDR_LOOPBACK, port); }

address address::any(std::uint16_t port) noexcept { return ipv4(INADDR_ANY, port); }

address address::any_ipv6(std::uint16_t port) noexcept {
  ::sockaddr_in6 out{};
  out.sin6_family = AF_INET6;
  out.sin6_port = htons(port);
  return made_of(out);
}

result<address> address::unix_path(std::string_view path) {
  ::sockaddr_un out{};
  out.sun_family = AF_UNIX;
  if (path.empty() || path.find('\0') != std::string_view::npos)
    return error{"a Unix path is not empty and has no zero byte", EINVAL};
  if (path.size() >= sizeof out.sun_path)
    return detail::failure("the Unix path '" + std::string(path) + "'", ENAMETOOLONG);
  path.copy(out.sun_path, path.size());
  return made_of(out, path_offset + path.size() + 1);
}

result<address> address::unix_abstract(std::string_view name) {
  ::sockaddr_un out{};
  out.sun_family = AF_UNIX;
  if (name.size() >= sizeof out.sun_path)
    return detail::failure("the Unix name '" + std::string(name) + "'", ENAMETOOLONG);
  name.copy(out.sun_path + 1, name.size());
  return made_of(out, path_offset + 1 + name.size());
}

address address::from_system(const ::sockaddr* from, ::socklen_t size) noexcept {
  address out;
  ::sa_family_t family = AF_UNSPEC;
  if (size < sizeof family || size > sizeof out.storage_)
    return out;
  std::memcpy(&family, from, sizeof family);
  const bool known = (family == AF_INET && size >= sizeof(::sockaddr_in)) ||
                     (family == AF_INET6 && size >= sizeof(::sockaddr_in6)) ||
                     (family == AF_UNIX && size > path_offset);
  if (!known)
    return out;
  std::memcpy(&out.storage_, from, size);
  out.size_ = size;
  return out;
}

result<address> address::local_of(int fd) {
  ::sockaddr_storage out;
  ::socklen_t size = sizeof out;
  if (::getsockname(fd, reinterpret_cast<::sockaddr*>(&out), &size) != 0)
    return detail::failure("getsockname", errno);
  return from_system(reinterpret_cast<const ::sockaddr*>(&out), size);
}

result<address> address::peer_of(int fd) {
  ::sockaddr_storage out;
  ::socklen_t size = sizeof out;
  if (::getpeername(fd, reinterpret_cast<::sockaddr*>(&out), &size) != 0)
    return detail::failure("getpeername", errno);
  return from_system(reinterpret_cast<const ::sockaddr*>(&out), size);
}

address::kind address::what() const noexcept {
  switch (family()) {
  case AF_INET:
    return kind::ipv4;
  case AF_INET6:
    return kind::ipv6;
  case AF_UNIX:
    return reinterpret_cast<const char*>(&storage_)[path_offset] == '\0' ? kind::unix_abstract
                                                                         : kind::unix_path;
  default:
    return kind::none;
  }
}

std::uint16_t address::port() const noexcept {
  // sin_port and sin6_port have the same place
  return is_ip() ? ntohs(read_as<::sockaddr_in>(data()).sin_port) : std::uint16_t(0);
}

void address::set_port(std::uint16_t port) noexcept {
  if (!is_ip())
    return;
  const std::uint16_t there = htons(port);
  std::memcpy(reinterpret_cast<char*>(&storage_) + offsetof(::sockaddr_in, sin_port), &there, sizeof there);
}

std::string_view address::unix_name() const noexcept {
  const char* path = reinterpret_cast<const char*>(&storage_) + path_offset;
  if (what() == kind::unix_abstract)
    return {path + 1, size_ - path_offset - 1};
  if (what() == kind::unix_path)
    return {path, ::strnlen(path, size_ - path_offset)};
  return {};
}

std::string address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> host{};
  switch (what()) {
  case kind::ipv4: {
    const auto in = read_as<::sockaddr_in>(data());
    ::inet_ntop(AF_INET, &in.sin_addr, host.data(), host.size());
    return std::string(host.data()) + ':' + std::to_string(port());
  }
  case kind::ipv6: {
    const auto in = read_as<::sockaddr_in6>(data());
    ::inet_ntop(AF_INET6, &in.sin6_addr, host.data(), host.size());
    const std::string scope = in.sin6_scope_id != 0 ? '%' + std::to_string(in.sin6_scope_id) : std::string();
    return '[' + std::string(host.data()) + scope + "]:" + std::to_string(port());
  }
  case kind::unix_path:
    return "unix:" + std::string(unix_name());
  case kind::unix_abstract:
    return "unix:@" + std::string(unix_name());
  case kind::none:
    break;
  }
  return "-";
}

bool operator==(const address& a, const address& b) noexcept {
  if (a.what() != b.what())
    return false;
  if (!a.is_ip())
    return a.unix_name() == b.unix_name();
  return a.size_ == b.size_ && std::memcmp(&a.storage_, &b.storage_, a.size_) == 0;
}

} // namespace perron::runtime::net
