// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/ip_address.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace perron::httpd {
namespace {

constexpr std::array<std::uint8_t, 12> ipv4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool has_prefix(const ip_address& which, const ip_address& prefix, unsigned bits) noexcept {
  const std::size_t whole = bits / 8;
  if (std::memcmp(which.bytes.data(), prefix.bytes.data(), whole) != 0)
    return false;
  if (bits % 8 == 0)
    return true;
  const unsigned mask = 0xff00U >> (bits % 8);
  return ((which.bytes[whole] ^ prefix.bytes[whole]) & mask & 0xffU) == 0;
}

} // namespace

ip_address ip_address::ipv4(std::span<const std::uint8_t, 4> of) noexcept {
  ip_address out;
  std::copy(ipv4_prefix.begin(), ipv4_prefix.end(), out.bytes.begin());
  std::copy(of.begin(), of.end(), out.bytes.begin() + ipv4_prefix.size());
  return out;
}

ip_address ip_address::ipv6(std::span<const std::uint8_t, 16> of) noexcept {
  ip_address out;
  std::copy(of.begin(), of.end(), out.bytes.begin());
  return out;
}

std::optional<ip_address> ip_address::parse(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::memcpy(terminated.data(), text.data(), text.size());
  std::array<std::uint8_t, 4> four{};
  if (::inet_pton(AF_INET, terminated.data(), four.data()) == 1)
    return ipv4(four);
  std::array<std::uint8_t, 16> six{};
  if (::inet_pton(AF_INET6, terminated.data(), six.data()) == 1)
    return ipv6(six);
  return std::nullopt;
}

std::optional<ip_address> ip_address::of_peer(int socket) noexcept {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return std::nullopt;
  if (at.ss_family == AF_INET) {
    std::array<std::uint8_t, 4> four{};
    std::memcpy(four.data(), &reinterpret_cast<const sockaddr_in&>(at).sin_addr, four.size());
    return ipv4(four);
  }
  if (at.ss_family == AF_INET6) {
    std::array<std::uint8_t, 16> six{};
    std::memcpy(six.data(), &reinterpret_cast<const sockaddr_in6&>(at).sin6_addr, six.size());
    return ipv6(six);
  }
  return std::nullopt;
}

bool ip_address::is_ipv4() const noexcept {
  return std::equal(ipv4_prefix.begin(), ipv4_prefix.end(), bytes.begin());
}

std::string ip_address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_ipv4())
    ::inet_ntop(AF_INET, bytes.data() + ipv4_prefix.size(), text.data(), text.size());
  else
    ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

std::optional<ip_network> ip_network::parse(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  const auto base = ip_address::parse(text.substr(0, slash));
  if (!base)
    return std::nullopt;
  ip_network out;
  out.base_ = *base;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const char* const end = digits.data() + digits.size();
    const auto [read, error] = std::from_chars(digits.data(), end, out.prefix_);
    if (error != std::errc() || read != end || out.prefix_ > (base->is_ipv4() ? 32U : 128U))
      return std::nullopt;
    if (base->is_ipv4())
      out.prefix_ += 96;
  }
  ip_address zeros = *base;
  for (unsigned bit = out.prefix_; bit < 128; ++bit)
    zeros.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  if (zeros != *base)
    return std::nullopt;
  return out;
}

bool ip_network::contains(const ip_address& which) const noexcept {
  return has_prefix(which, base_, prefix_);
}

} // namespace perron::httpd
