// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/conversation.hpp>

#include <utility>

namespace perron::httpd::core {

conversation::extras& conversation::more() {
  if (extras_ == nullptr)
    extras_ = std::make_unique<extras>();
  return *extras_;
}

void conversation::before_send(std::function<void(response&)> f) {
  more().before_send.push_back(std::move(f));
}

void conversation::run_before_send(response& head) {
  // each runs once, however it ends
  while (!extras_->before_send.empty()) {
    const auto last = std::move(extras_->before_send.back());
    extras_->before_send.pop_back();
    last(head);
  }
}

void* conversation::local(const void* key, std::shared_ptr<void> (*make)()) {
  auto& locals = more().locals;
  for (const auto& [kept_under, value] : locals)
    if (kept_under == key)
      return value.get();
  locals.emplace_back(key, make());
  return locals.back().second.get();
}

} // namespace perron::httpd::core
