// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <cstdint>
#include <string_view>

namespace perron::soak {

/// From which addresses connections are opened, so that there are ports enough: one address has some 28,000
/// towards one server. A value; IPv4 in host byte order.
struct source_addresses {
  std::uint32_t first = 0; ///< 0: the system chooses address and port
  std::uint32_t count = 0;

  /// Connections of one address, far below its ports: those of the last run may still be in TIME_WAIT, and
  /// the kernel finds a free port fast only while most are.
  static constexpr std::uint32_t per_address = 10'000;

  /// Of connection `number` among those that are held.
  std::uint32_t of_held(std::uint64_t number) const {
    return count == 0 ? 0 : first + static_cast<std::uint32_t>(number / per_address % count);
  }

  /// Of the connection `number` that process `process` opens in its life: from one to the next, since each
  /// leaves its port in TIME_WAIT.
  std::uint32_t of_passing(unsigned process, std::uint64_t number) const {
    constexpr std::uint32_t each = 64;
    return count == 0 ? 0 : first + static_cast<std::uint32_t>((process * each + number % each) % count);
  }

  /// How many connections can be held towards one server; 0: not known.
  std::uint64_t room() const { return std::uint64_t{per_address} * count; }
};

/// `text` is empty, "A.B.C.D" or "A.B.C.D-E.F.G.H". Empty: the 16,000 addresses from 127.0.0.1 on towards a
/// server of 127.0.0.0/8, else what the system chooses. Error: EINVAL with what is wrong.
runtime::result<source_addresses> parse_sources(std::string_view text, std::uint32_t server);

/// "A.B.C.D" in host byte order.
runtime::result<std::uint32_t> parse_address(std::string_view text);

} // namespace perron::soak
