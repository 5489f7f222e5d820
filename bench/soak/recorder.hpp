// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace perron::soak {

/// How many of what was counted took how long, in nanoseconds up to 73 minutes (what is longer counts as
/// that). Log-linear as in HdrHistogram: below 1,024 ns exact, above that each power of two is cut into 1,024
/// parts, so a quantile is at most 0.1 % above the true one. 270 KB of address space, of which only what was
/// touched becomes memory; all zero is empty, so a fresh mapping is one.
///
/// One writer, any readers, also in other processes that share the memory: numbers are read and written
/// whole. A reader may see a value counted a moment before it shows in count() or sum.
///
/// | field            | written by                         | read by          |
/// |------------------|------------------------------------|------------------|
/// | all of them      | the writer, relaxed                | anybody, relaxed |
///
/// Relaxed, because no number says anything about other memory. record() costs some ten instructions.
class histogram {
public:
  static constexpr unsigned part_bits = 10;
  static constexpr unsigned value_bits = 42;
  static constexpr std::uint64_t greatest = (std::uint64_t{1} << value_bits) - 1;
  static constexpr std::size_t buckets = (value_bits - part_bits + 1) << part_bits;

  void record(std::uint64_t ns, std::uint64_t times = 1) {
    if (times == 0)
      return;
    ns = std::min(ns, greatest);
    const std::size_t index = index_of(ns);
    if (load(count_) == 0 || index < load(first_))
      store(first_, static_cast<std::uint64_t>(index));
    if (index >= load(end_))
      store(end_, static_cast<std::uint64_t>(index + 1));
    if (ns > load(max_))
      store(max_, ns);
    add(sum_, ns * times);
    add(counts_[index], times);
    add(count_, times);
  }

  /// For a client that asks again only when it was answered, every `interval_ns`: what took `ns` kept back
  /// the questions that were due meanwhile, so those are counted too, each with the wait it would have had
  /// (HdrHistogram's correction of coordinated omission). Not for latencies that already count from when a
  /// question was due. An interval of 0 corrects nothing. Cost: one record() per missing question or per
  /// bucket.
  void record_corrected(std::uint64_t ns, std::uint64_t interval_ns);

  /// Adds all that `other` has counted. The caller is the writer of *this; `other` may be written meanwhile.
  void merge(const histogram& other);

  /// What was counted after `earlier`, which is an older copy of this one. Its maximum is its highest
  /// bucket's upper end, at most 0.1 % too high.
  histogram since(const histogram& earlier) const;

  std::uint64_t count() const { return load(count_); }
  std::uint64_t max_ns() const { return load(max_); }
  double mean_ns() const {
    const std::uint64_t n = count();
    return n == 0 ? 0 : static_cast<double>(load(sum_)) / static_cast<double>(n);
  }

  /// The smallest duration in ns that at least `share` (0 to 1) of the counted ones do not exceed; 0 when
  /// empty.
  std::uint64_t quantile(double share) const;

  /// Calls visit(upper_ns, count) for each bucket that is not empty, in rising order; upper_ns is the
  /// greatest duration that falls into the bucket.
  template <class Visit>
  void for_each(Visit visit) const {
    const std::size_t end = load(end_);
    for (std::size_t i = load(first_); i < end; ++i)
      if (const std::uint64_t n = load(counts_[i]); n != 0)
        visit(upper_of(i), n);
  }

private:
  // A const word is loaded by a reference that C++20 has for others only.
  static std::uint64_t load(const std::uint64_t& word) {
    return std::atomic_ref(const_cast<std::uint64_t&>(word)).load(std::memory_order_relaxed);
  }
  static void store(std::uint64_t& word, std::uint64_t value) {
    std::atomic_ref(word).store(value, std::memory_order_relaxed);
  }
  // One writer: no locked instruction is needed.
  static void add(std::uint64_t& word, std::uint64_t more) { store(word, load(word) + more); }

  static constexpr std::size_t index_of(std::uint64_t ns) {
    constexpr std::uint64_t parts = std::uint64_t{1} << part_bits;
    if (ns < parts)
      return ns;
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - part_bits;
    return (static_cast<std::size_t>(shift + 1) << part_bits) + ((ns >> shift) & (parts - 1));
  }
  static constexpr std::uint64_t upper_of(std::size_t index) {
    constexpr std::uint64_t parts = std::uint64_t{1} << part_bits;
    const std::uint64_t part = index & (parts - 1);
    const auto group = static_cast<unsigned>(index >> part_bits);
    return group == 0 ? part : ((parts + part + 1) << (group - 1)) - 1;
  }

  // counts_[i] are 0 outside first_ .. end_, so that nobody touches pages for nothing.
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;
  std::array<std::uint64_t, buckets> counts_{};
};

static_assert(std::is_trivially_copyable_v<histogram>);

} // namespace perron::soak
