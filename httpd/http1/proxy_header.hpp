// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/ip_address.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace perron::httpd::http1 {

/// What a proxy says in front of a connection that it passes on (PROXY protocol, versions 1 and 2, of
/// HAProxy's doc/proxy-protocol.txt).
struct proxy_header {
  /// Whether the addresses below are said. They are not when the proxy speaks for itself, as in a health
  /// check (LOCAL), or does not know or cannot say (UNKNOWN, UNSPEC, Unix sockets): then those of the
  /// connection itself hold.
  bool has_addresses = false;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  ip_address source{};      ///< the client
  ip_address destination{}; ///< what it connected to
};

enum class proxy_outcome : std::uint8_t { complete, need_more, bad };

/// What parse_proxy_header() found. After `bad`, close without an answer: who speaks is no proxy.
struct proxy_result {
  proxy_outcome outcome = proxy_outcome::need_more;
  std::size_t consumed = 0; ///< of complete: the connection's own bytes begin there
  const char* what = "";    ///< of bad: what is wrong, lives as long as the program
};

/// The longest header that is read. Version 1 never has more than 107 bytes; in version 2 additional data may
/// be longer (2.2: up to 64 KiB), which nobody but an attacker needs.
inline constexpr std::size_t max_proxy_header = 4096;

/// Reads a PROXY header from the front of `input`, which is all that the connection has sent so far. Any
/// bytes that cannot begin one are bad at once. `header` is written when the outcome is complete.
///
/// Strict: one blank between the parts of version 1, addresses and ports in their shortest decimal form; in
/// version 2 only stream sockets, and additional data (TLVs) that fills its space exactly. TLVs are skipped,
/// but for a checksum (PP2_TYPE_CRC32C), which must be right. Nothing of LOCAL is looked at but its length.
///
/// Only for connections from proxies that are trusted: anybody can send such a header. O(input); allocates
/// nothing; any thread.
proxy_result parse_proxy_header(std::string_view input, proxy_header& header) noexcept;

} // namespace perron::httpd::http1
