// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace perron::bench {

/// Counts of durations in log-linear buckets: each power of two is cut into 128 equal parts, so a quantile
/// is at most 0.8 % above the true one. 60 KB, no allocation. One thread records; merge afterwards.
class latency_histogram {
public:
  void record(int64_t ns) {
    const auto value = static_cast<uint64_t>(std::max<int64_t>(ns, 0));
    ++buckets_[index_of(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  void merge(const latency_histogram& other) {
    for (size_t i = 0; i < buckets_.size(); ++i)
      buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  uint64_t count() const { return count_; }

  double max_us() const { return static_cast<double>(max_) / 1000; }

  /// The smallest duration in µs that at least `share` (0 to 1) of all recorded ones do not exceed.
  double quantile_us(double share) const {
    const auto wanted = static_cast<uint64_t>(share * static_cast<double>(count_) + 0.5);
    uint64_t seen = 0;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen >= wanted && seen > 0)
        return static_cast<double>(std::min(upper_bound_of(i), max_)) / 1000;
    }
    return 0;
  }

private:
  static constexpr int sub_bits = 7;
  static constexpr uint64_t sub_count = uint64_t{1} << sub_bits;
  static constexpr size_t bucket_count = (64 - sub_bits + 1) << sub_bits;

  static size_t index_of(uint64_t value) {
    if (value < sub_count)
      return value;
    const int shift = std::bit_width(value) - 1 - sub_bits;
    return (static_cast<size_t>(shift + 1) << sub_bits) + ((value >> shift) & (sub_count - 1));
  }

  static uint64_t upper_bound_of(size_t index) {
    const auto group = index >> sub_bits;
    const uint64_t sub = index & (sub_count - 1);
    if (group == 0)
      return sub;
    const auto shift = group - 1;
    return ((sub_count + sub + 1) << shift) - 1;
  }

  std::array<uint64_t, bucket_count> buckets_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

} // namespace perron::bench
