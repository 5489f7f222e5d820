// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace perron::siblings::core {

/// What this node answers to questions, by topic. Any thread.
class answers {
public:
  using function = std::function<std::string(std::string_view question)>;

  static answers& all();

  /// Empty: takes it away.
  void set(const std::string& topic, function how);
  /// Null if there is none.
  std::shared_ptr<const function> find(const std::string& topic) const;

private:
  mutable std::mutex lock_;
  std::unordered_map<std::string, std::shared_ptr<const function>> by_topic_; ///< under the lock
};

} // namespace perron::siblings::core
