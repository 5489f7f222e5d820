// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/server_context.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/tls/served.hpp>

namespace perron::runtime::tls {

server_context::server_context(const server_options& options)
    : options_(options),
      tickets_(std::make_shared<ticket_keys>(options.ticket_key_time, options.ticket_lifetime)) {}

server_context::~server_context() { ::SSL_CTX_free(now_); }

result<std::shared_ptr<server_context>> server_context::make(const server_options& options) {
  std::shared_ptr<server_context> made(new server_context(options));
  if (auto read = made->reload(); !read)
    return read.error();
  return made;
}

result<void> server_context::reload() {
  std::vector<std::string> warnings;
  auto made = detail::make_served(options_, tickets_, warnings);
  if (!made)
    return made.error();
  const std::lock_guard hold(mutex_);
  ::SSL_CTX* const old = std::exchange(now_, made->release());
  made->reset(old); // freed behind the lock if nobody uses it
  warnings_ = std::move(warnings);
  return {};
}

void server_context::change_ticket_key() { tickets_->change(core::steady_now()); }

std::vector<std::string> server_context::warnings() const {
  const std::lock_guard hold(mutex_);
  return warnings_;
}

::ssl_ctx_st* server_context::take() const noexcept {
  const std::lock_guard hold(mutex_);
  ::SSL_CTX_up_ref(now_);
  return now_;
}

} // namespace perron::runtime::tls
