// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/conversation.hpp>

#include <stdexcept>
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

bool conversation::run_before_send(response& head, std::optional<std::uint64_t> length) {
  extras_->length = length;
  // each runs once, however it ends
  while (!extras_->before_send.empty()) {
    const auto last = std::move(extras_->before_send.back());
    extras_->before_send.pop_back();
    last(head);
  }
  return extras_->filter != nullptr;
}

void conversation::filter_body(std::unique_ptr<body_filter> f) {
  if (more().filter != nullptr)
    throw std::logic_error("perron: filter_body: this answer has a filter");
  extras_->filter = std::move(f);
}

body_output& conversation::write_through(std::unique_ptr<body_filter> f,
                                         std::optional<std::uint64_t> announced) {
  extras_->filtered =
      std::make_unique<filtered_output>(*this, std::move(f), announced, head_.method == "HEAD");
  return *extras_->filtered;
}

void* conversation::local(const void* key, std::shared_ptr<void> (*make)()) {
  auto& locals = more().locals;
  for (const auto& [kept_under, value] : locals)
    if (kept_under == key)
      return value.get();
  locals.emplace_back(key, make());
  return locals.back().second.get();
}

conversation::place conversation::go_to(std::string target) {
  constexpr std::size_t most = 10;
  auto& kept = more().targets;
  if (kept.size() >= 2 * most)
    throw http_error(status::internal_server_error, "this request was sent on too often");
  const std::string& raw = kept.emplace_back(std::move(target));
  std::string& scratch = kept.emplace_back();
  const place from{target_, params_, limits_};
  if (raw.empty())
    return from;
  const auto normal = normalise_target(raw, scratch);
  if (!normal)
    throw http_error(status::bad_request, normal.error().text);
  target_ = *normal;
  return from;
}

} // namespace perron::httpd::core
