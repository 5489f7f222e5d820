// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/entry.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace perron::httpd {

/// The newest entries of a topic, without a hole between them, bounded in number and in bytes; the newest one
/// is kept whatever it takes. No process, no clock; not synchronised.
class topic_history {
public:
  topic_history(std::size_t most_entries, std::size_t most_bytes) noexcept
      : most_entries_(most_entries == 0 ? 1 : most_entries), most_bytes_(most_bytes) {}

  /// Where the numbers begin when there are no entries: behind `last`.
  void begin_behind(std::uint64_t last) noexcept { last_ = last; }

  /// Adds the entry behind the last one. Gives how many it had to drop for it.
  std::size_t push(topic_entry_ptr entry);
  /// The number that push() would drop last for an entry that takes `cost` bytes; 0: none.
  std::uint64_t would_drop(std::size_t cost) const noexcept;

  /// The number of the newest entry; 0 before the first.
  std::uint64_t last() const noexcept { return last_; }
  /// The number of the oldest entry that is kept; last() + 1 if none is.
  std::uint64_t first() const noexcept { return last_ - entries_.size() + 1; }
  std::size_t size() const noexcept { return entries_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }
  const topic_entry_ptr& operator[](std::size_t i) const noexcept { return entries_[i]; }

  /// The entries behind `id`, oldest first, as many as `most` and about `most_bytes`, but one at least. Those
  /// that are no longer kept are left out.
  std::vector<topic_entry_ptr> behind(std::uint64_t id, std::size_t most, std::size_t most_bytes) const;

private:
  std::size_t most_entries_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  std::deque<topic_entry_ptr> entries_;
};

} // namespace perron::httpd
