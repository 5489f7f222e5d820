// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/metrics/request_counts.hpp>

#include <algorithm>

namespace perron::httpd::program {

void request_counter::tell(const access_record& r) noexcept {
  if (r.worker < shards_.size()) {
    shard& s = shards_[r.worker];
    s.by_class[r.status >= 100 && r.status < 600 ? static_cast<std::size_t>(r.status) / 100 : 0].add();
    s.body_bytes.add(r.body_bytes);
    if (r.refused)
      s.refused.add();
    else if (r.upgraded)
      s.upgraded.add();
    else {
      const double seconds = static_cast<double>(r.duration.count()) * 1e-9;
      const auto* bound =
          std::lower_bound(request_figures::bounds.begin(), request_figures::bounds.end(), seconds);
      s.took[static_cast<std::size_t>(bound - request_figures::bounds.begin())].add();
      s.nanoseconds.add(static_cast<std::uint64_t>(std::max<std::int64_t>(r.duration.count(), 0)));
    }
  }
  if (next_ != nullptr)
    next_->tell(r);
}

request_figures request_counter::figures() const noexcept {
  request_figures out;
  std::uint64_t nanoseconds = 0;
  for (const shard& s : shards_) {
    for (std::size_t i = 0; i < out.by_class.size(); ++i)
      out.by_class[i] += s.by_class[i].get();
    for (std::size_t i = 0; i < out.took.size(); ++i)
      out.took[i] += s.took[i].get();
    out.refused += s.refused.get();
    out.upgraded += s.upgraded.get();
    out.body_bytes += s.body_bytes.get();
    nanoseconds += s.nanoseconds.get();
  }
  out.seconds = static_cast<double>(nanoseconds) * 1e-9;
  return out;
}

} // namespace perron::httpd::program
