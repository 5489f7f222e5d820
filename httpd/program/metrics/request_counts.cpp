// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/metrics/request_counts.hpp>

#include <algorithm>
#include <utility>

namespace perron::httpd::program {

namespace {

class counting final : public access_sink {
public:
  counting(std::shared_ptr<request_counter> by, std::shared_ptr<access_sink> next)
      : by_(std::move(by)), next_(std::move(next)) {}

  void tell(const access_record& r) noexcept override {
    by_->count(r);
    if (next_ != nullptr)
      next_->tell(r);
  }

private:
  const std::shared_ptr<request_counter> by_;
  const std::shared_ptr<access_sink> next_;
};

} // namespace

void request_counter::count(const access_record& r) noexcept {
  if (r.worker >= shards_.size())
    return;
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

std::shared_ptr<access_sink> site_counters::sink_of(const std::string& site,
                                                    std::shared_ptr<access_sink> next) {
  const std::lock_guard hold(lock_);
  std::shared_ptr<request_counter>& by = all_[site];
  if (by == nullptr)
    by = std::make_shared<request_counter>(workers_);
  return std::make_shared<counting>(by, std::move(next));
}

std::vector<std::pair<std::string, request_figures>> site_counters::figures() const {
  const std::lock_guard hold(lock_);
  std::vector<std::pair<std::string, request_figures>> out;
  for (const auto& [name, by] : all_)
    out.emplace_back(name, by->figures());
  return out;
}

} // namespace perron::httpd::program
