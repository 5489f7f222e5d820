// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/history.hpp>

#include <utility>

namespace perron::httpd {

std::size_t topic_history::push(topic_entry_ptr entry) {
  const std::uint64_t drop_to = would_drop(entry->cost());
  std::size_t dropped = 0;
  for (; !entries_.empty() && first() <= drop_to; ++dropped) {
    bytes_ -= entries_.front()->cost();
    entries_.pop_front();
  }
  last_ = entry->at().id;
  bytes_ += entry->cost();
  entries_.push_back(std::move(entry));
  return dropped;
}

std::uint64_t topic_history::would_drop(std::size_t cost) const noexcept {
  std::size_t kept = entries_.size();
  std::size_t bytes = bytes_;
  std::uint64_t drop_to = 0;
  for (std::size_t i = 0; i < entries_.size() && (kept + 1 > most_entries_ || bytes + cost > most_bytes_);
       ++i) {
    drop_to = first() + i;
    --kept;
    bytes -= entries_[i]->cost();
  }
  return drop_to;
}

std::vector<topic_entry_ptr> topic_history::behind(std::uint64_t id, std::size_t most,
                                                   std::size_t most_bytes) const {
  std::vector<topic_entry_ptr> out;
  if (id >= last_)
    return out;
  std::size_t bytes = 0;
  for (std::size_t i = id < first() ? 0 : static_cast<std::size_t>(id - first()) + 1;
       i < entries_.size() && out.size() < most; ++i) {
    bytes += entries_[i]->cost();
    if (bytes > most_bytes && !out.empty())
      break;
    out.push_back(entries_[i]);
  }
  return out;
}

} // namespace perron::httpd
