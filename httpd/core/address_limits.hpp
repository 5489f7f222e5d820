// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/address_limit_options.hpp>
#include <perron/httpd/ip_address.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace perron::httpd::core {

/// Counts connections and requests of addresses by their options.
///
/// The table has a fixed size and never grows: addresses fall into rows of 16, chosen by a keyed hash that
/// nobody outside knows. In a full row a new address takes the place of one without connections, of that
/// which was seen least lately; if all have connections, the new one is not limited. So a flood from very
/// many addresses makes the limits lenient, never expensive, and never strict against somebody else.
///
/// Any thread; a row is looked at under one of 64 locks, held for some ten ns. Knows no clock: times are
/// given, in ms of any origin, and should not go back.
class address_limits {
public:
  /// `secret` is for the hash and differs from run to run.
  address_limits(const address_limit_options& options, std::uint64_t secret);

  enum class answer : std::uint8_t {
    yes,       ///< and it is counted
    unlimited, ///< and it is not
    no,
  };
  /// Whether one more connection may come. After `yes`, connection_ended() is to be called once.
  answer take_connection(const ip_address& from, std::uint64_t now_ms) noexcept;
  void connection_ended(const ip_address& from) noexcept;

  /// Whether one more request may come. Who is told no may come again in a second at the latest.
  bool take_request(const ip_address& from, std::uint64_t now_ms) noexcept;

  /// Addresses in the table. For tests; O(table).
  std::size_t size() const noexcept;

private:
  struct entry {
    std::uint64_t key = 0; ///< 0: free
    std::uint32_t connections = 0;
    std::uint32_t tokens = 0;  ///< thousandths of a request
    std::uint64_t seen_ms = 0; ///< when tokens were last counted
  };
  static constexpr std::size_t row_size = 16;
  using row = std::array<entry, row_size>;

  std::uint64_t key_of(const ip_address& from) const noexcept;
  std::size_t row_of(std::uint64_t key) const noexcept;
  entry* find(row& in, std::uint64_t key) noexcept;
  entry* find_or_make(row& in, std::uint64_t key, std::uint64_t now_ms) noexcept;
  void refill(entry& e, std::uint64_t now_ms) const noexcept;

  const address_limit_options options_;
  const std::uint64_t secret_;
  const std::uint32_t full_; ///< tokens of somebody who has not asked for long
  const std::uint64_t ipv6_mask_;
  const std::size_t rows_; ///< a power of two
  std::unique_ptr<row[]> table_;
  mutable std::array<std::mutex, 64> locks_;
};

} // namespace perron::httpd::core
