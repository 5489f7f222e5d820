// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/store.hpp>

#include <perron/runtime/core/random.hpp>

#include <algorithm>
#include <iterator>

namespace perron::httpd {

runtime::result<topic_store::opened> memory_store::open(const std::string& topic, std::size_t most) {
  const std::uint64_t epoch = new_epoch();
  const std::lock_guard hold(mutex_);
  kept& mine = kept_[topic];
  if (mine.epoch == 0)
    mine.epoch = epoch;
  const auto count = static_cast<std::ptrdiff_t>(std::min(most, mine.newest.size()));
  return opened{mine.epoch, mine.last, {mine.newest.end() - count, mine.newest.end()}};
}

runtime::result<void> memory_store::append(const std::string& topic, const topic_record& record) {
  const std::lock_guard hold(mutex_);
  kept& mine = kept_[topic];
  if (record.id != mine.last + 1)
    return runtime::error{"the history of this topic has gone on without it"};
  mine.last = record.id;
  mine.newest.push_back(record);
  if (mine.newest.size() > 2 * most_) // in one go, so that it costs little for each
    mine.newest.erase(mine.newest.begin(), mine.newest.end() - static_cast<std::ptrdiff_t>(most_));
  return {};
}

runtime::result<std::vector<topic_record>> memory_store::load(const std::string& topic, std::uint64_t id,
                                                              std::size_t most) {
  const std::lock_guard hold(mutex_);
  const std::vector<topic_record>& newest = kept_[topic].newest;
  const auto from =
      std::find_if(newest.begin(), newest.end(), [id](const topic_record& r) { return r.id > id; });
  const auto count = std::min(static_cast<std::ptrdiff_t>(most), newest.end() - from);
  return std::vector<topic_record>(from, from + count);
}

std::uint64_t new_epoch() {
  std::uint64_t epoch = 0;
  while (epoch == 0) // 52 bits: a number that JavaScript can hold as well
    epoch = runtime::core::random_secret() & ((std::uint64_t(1) << 52) - 1);
  return epoch;
}

} // namespace perron::httpd
