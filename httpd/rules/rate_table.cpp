// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/rate_table.hpp>

#include <algorithm>
#include <bit>

namespace perron::httpd::core {

rate_table::rate_table(std::uint32_t requests, std::uint64_t per_ns, std::uint32_t burst,
                       std::size_t max_keys)
    : interval_ns_(std::max<std::uint64_t>(per_ns / requests, 1)), burst_(burst),
      rows_(std::bit_ceil(std::max<std::size_t>(max_keys / row_size, 1))) {}

rate_table::answer rate_table::take(std::uint64_t key, std::uint64_t now_ns) noexcept {
  key = std::max<std::uint64_t>(key, 1);
  const std::size_t at = key & (rows_.size() - 1);
  const std::lock_guard hold(locks_[at % locks_.size()]);
  row& in = rows_[at];
  entry* e = std::find_if(in.begin(), in.end(), [key](const entry& x) { return x.key == key; });
  if (e == in.end()) {
    e = std::min_element(in.begin(), in.end(),
                         [](const entry& a, const entry& b) { return a.full_ns < b.full_ns; });
    *e = {.key = key, .full_ns = now_ns};
  }
  const std::uint64_t full = std::max(e->full_ns, now_ns);
  const std::uint64_t most = interval_ns_ * (burst_ - 1); // what may be missing for one more to be there
  const std::uint64_t missing = full - now_ns;
  if (missing > most)
    return {.taken = false, .left = 0, .retry_ns = missing - most, .refill_ns = missing};
  e->full_ns = full + interval_ns_;
  return {.taken = true,
          .left = static_cast<std::uint32_t>((most - missing) / interval_ns_),
          .retry_ns = 0,
          .refill_ns = missing + interval_ns_};
}

} // namespace perron::httpd::core
