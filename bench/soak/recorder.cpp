// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/recorder.hpp>

#include <cmath>

namespace perron::soak {

void histogram::record_corrected(std::uint64_t ns, std::uint64_t interval_ns) {
  record(ns);
  ns = std::min(ns, greatest);
  if (interval_ns == 0 || ns < 2 * interval_ns)
    return;
  // The waits ns - interval, ns - 2 interval, ... down to one interval.
  const std::uint64_t missing = ns / interval_ns - 1;
  const std::uint64_t shortest = ns - missing * interval_ns;
  if (missing <= buckets) {
    for (std::uint64_t wait = shortest; wait < ns; wait += interval_ns)
      record(wait);
    return;
  }
  // So many that some share a bucket: each bucket at once.
  for (std::uint64_t done = 0; done < missing;) {
    const std::uint64_t wait = shortest + done * interval_ns;
    const std::uint64_t alike = std::min(missing - done, (upper_of(index_of(wait)) - wait) / interval_ns + 1);
    record(wait, alike);
    done += alike;
  }
}

void histogram::merge(const histogram& other) {
  const std::uint64_t end = load(other.end_);
  std::uint64_t counted = 0;
  std::uint64_t first = end;
  std::uint64_t last = 0;
  for (std::uint64_t i = load(other.first_); i < end; ++i) {
    const std::uint64_t n = load(other.counts_[i]);
    if (n == 0)
      continue;
    add(counts_[i], n);
    counted += n;
    first = std::min(first, i);
    last = i + 1;
  }
  if (counted == 0)
    return;
  store(first_, count() == 0 ? first : std::min(load(first_), first));
  store(end_, std::max(load(end_), last));
  store(max_, std::max(load(max_), load(other.max_)));
  add(sum_, load(other.sum_));
  add(count_, counted);
}

histogram histogram::since(const histogram& earlier) const {
  histogram result;
  std::uint64_t sum = 0;
  const std::uint64_t end = load(end_);
  for (std::uint64_t i = load(first_); i < end; ++i) {
    const std::uint64_t now = load(counts_[i]);
    const std::uint64_t before = load(earlier.counts_[i]);
    if (now > before)
      result.record(std::min(upper_of(i), max_ns()), now - before);
  }
  if (load(sum_) > load(earlier.sum_))
    sum = load(sum_) - load(earlier.sum_);
  store(result.sum_, result.count() == 0 ? 0 : sum);
  return result;
}

std::uint64_t histogram::quantile(double share) const {
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count()));
  const auto rank = std::max<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1);
  std::uint64_t seen = 0;
  std::uint64_t found = 0;
  const std::uint64_t end = load(end_);
  for (std::uint64_t i = load(first_); i < end && seen < rank; ++i) {
    const std::uint64_t n = load(counts_[i]);
    seen += n;
    if (n != 0)
      found = std::min(upper_of(i), max_ns());
  }
  return found;
}

} // namespace perron::soak
