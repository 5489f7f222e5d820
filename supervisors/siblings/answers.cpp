// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/answers.hpp>

#include <utility>

namespace perron::siblings::core {

answers& answers::all() {
  static answers here;
  return here;
}

void answers::set(const std::string& topic, function how) {
  auto fresh = how ? std::make_shared<const function>(std::move(how)) : nullptr;
  const std::lock_guard hold(lock_);
  if (fresh != nullptr)
    by_topic_[topic].swap(fresh); // the former one dies after the lock is released
  else if (const auto it = by_topic_.find(topic); it != by_topic_.end()) {
    fresh = std::move(it->second);
    by_topic_.erase(it);
  }
}

std::shared_ptr<const answers::function> answers::find(const std::string& topic) const {
  const std::lock_guard hold(lock_);
  const auto it = by_topic_.find(topic);
  return it == by_topic_.end() ? nullptr : it->second;
}

} // namespace perron::siblings::core
