// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/subscribers.hpp>

#include <utility>

namespace perron::httpd {

subscriber_table::slot subscriber_table::add(topic_subscriber who) {
  slot at = 0;
  if (free_.empty()) {
    at = static_cast<slot>(all_.size());
    all_.emplace_back();
  } else {
    at = free_.back();
    free_.pop_back();
  }
  who.serial = ++serials_;
  by_name_[{who.who.id(), who.tag}] = at;
  by_monitor_[who.monitor.value] = at;
  all_[at] = who;
  return at;
}

void subscriber_table::remove(slot at) {
  by_name_.erase({all_[at].who.id(), all_[at].tag});
  by_monitor_.erase(all_[at].monitor.value);
  all_[at] = {};
  free_.push_back(at);
}

std::optional<subscriber_table::slot> subscriber_table::find(runtime::pid who, std::uint64_t tag) const {
  const auto found = by_name_.find({who.id(), tag});
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<subscriber_table::slot> subscriber_table::find(runtime::monitor_ref monitor) const {
  const auto found = by_monitor_.find(monitor.value);
  return found == by_monitor_.end() ? std::nullopt : std::optional(found->second);
}

} // namespace perron::httpd
