// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace perron::httpd::http1::detail {

/// Whether a name is `lower`, in whichever case, given that it is as long and a token. A word at a time:
/// among the characters of tokens only capitals become letters, and none becomes '-', by setting that bit.
template <std::size_t Size>
bool is_name(std::string_view name, const char (&lower)[Size]) noexcept {
  constexpr std::size_t size = Size - 1;
  static_assert(size >= 4);
  using word = std::conditional_t<size >= 8, std::uint64_t, std::uint32_t>;
  constexpr auto case_bits = static_cast<word>(0x2020'2020'2020'2020U);
  const auto same = [&](std::size_t at) {
    word a;
    word b;
    std::memcpy(&a, name.data() + at, sizeof a);
    std::memcpy(&b, lower + at, sizeof b);
    return (a | case_bits) == b;
  };
  for (std::size_t at = 0; at + sizeof(word) < size; at += sizeof(word))
    if (!same(at))
      return false;
  return same(size - sizeof(word)); // overlaps what came before
}

} // namespace perron::httpd::http1::detail
