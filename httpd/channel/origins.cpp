// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/origins.hpp>

namespace perron::httpd {

std::optional<std::uint64_t> origin_table::repeated(const topic_origin& origin) const {
  if (origin.from.empty())
    return std::nullopt;
  const auto last = last_.find(origin.from);
  if (last == last_.end() || origin.number > last->second.number)
    return std::nullopt;
  return origin.number == last->second.number ? last->second.id : 0;
}

void origin_table::note(const topic_origin& origin, std::uint64_t id) {
  if (origin.from.empty())
    return;
  const auto [at, is_new] = last_.insert_or_assign(origin.from, published{origin.number, id});
  if (!is_new)
    return;
  order_.push_back(at->first);
  if (order_.size() > most_) {
    last_.erase(order_.front());
    order_.pop_front();
  }
}

std::vector<origin_table::kept> origin_table::all() const {
  std::vector<kept> out;
  out.reserve(order_.size());
  for (const std::string& from : order_) {
    const published& last = last_.at(from);
    out.push_back({{from, last.number}, last.id});
  }
  return out;
}

} // namespace perron::httpd
