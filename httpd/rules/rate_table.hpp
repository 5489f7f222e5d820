// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace perron::httpd::core {

/// Token buckets for many keys in fixed memory. A bucket is one time: when it will be full again (the generic
/// cell rate algorithm, ITU-T I.371), so that nothing has to be refilled.
///
/// Keys are hashes that nobody outside can foresee (keyed_hash.hpp). They fall into rows of eight; in a full
/// row a new key takes the place of that which is nearest to a full bucket, and so most lenient to it.
///
/// Any thread; a row is looked at under one of 64 locks, held for some ten ns. Knows no clock: times are
/// given, in ns of any origin.
class rate_table {
public:
  /// `requests` in `per_ns`, `burst` at once; none is 0.
  rate_table(std::uint32_t requests, std::uint64_t per_ns, std::uint32_t burst, std::size_t max_keys);

  struct answer {
    bool taken = false;
    std::uint32_t left = 0;      ///< that may come at once
    std::uint64_t retry_ns = 0;  ///< if not taken: when the next may come
    std::uint64_t refill_ns = 0; ///< until the bucket is full again
  };
  answer take(std::uint64_t key, std::uint64_t now_ns) noexcept;

private:
  struct entry {
    std::uint64_t key = 0;     ///< 0: free
    std::uint64_t full_ns = 0; ///< when it is full again
  };
  static constexpr std::size_t row_size = 8;
  using row = std::array<entry, row_size>;

  const std::uint64_t interval_ns_; ///< between two requests at the average rate
  const std::uint64_t burst_;
  std::vector<row> rows_; ///< a power of two
  std::array<std::mutex, 64> locks_;
};

} // namespace perron::httpd::core
