// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perron::differential {

/// The same numbers from the same seed on every system (splitmix64).
class dice {
public:
  explicit dice(std::uint64_t seed) noexcept : state_(mixed(mixed(seed) + step)), calm_(one_in(2)) {}

  std::uint64_t next() noexcept { return mixed(state_ += step); }
  std::size_t below(std::size_t n) noexcept { return static_cast<std::size_t>(next() % n); }
  bool one_in(std::size_t n) noexcept { return below(n) == 0; }
  /// Something odd, which half of the seeds have hardly ever, so that whole requests come too.
  bool is_odd(std::size_t n) noexcept { return one_in(calm_ ? 20 * n : n); }
  std::string_view any(std::span<const std::string_view> of) noexcept { return of[below(of.size())]; }

private:
  static constexpr std::uint64_t step = 0x9e37'79b9'7f4a'7c15U;

  static std::uint64_t mixed(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9U;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebU;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
  bool calm_;
};

/// The bytes of a connection: one to three requests, good ones, nearly good ones and such as are used to
/// smuggle. The same ones for the same seed.
std::string requests_of(std::uint64_t seed);

/// Where to cut `size` bytes, ascending, with `size` as the last.
std::vector<std::size_t> cuts_of(std::uint64_t seed, std::size_t size);

} // namespace perron::differential
