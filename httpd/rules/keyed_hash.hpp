// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace perron::httpd::core {

/// A key for keyed_hash(), new from the system's randomness.
std::array<std::uint64_t, 2> new_hash_key();

/// SipHash-2-4 (Aumasson, Bernstein 2012): who does not know the key cannot find texts that fall together. No
/// hash for passwords. Pure; about a nanosecond a byte.
std::uint64_t keyed_hash(const std::array<std::uint64_t, 2>& key, std::string_view text) noexcept;

} // namespace perron::httpd::core
