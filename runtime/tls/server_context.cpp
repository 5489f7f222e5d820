// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/server_context.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/tls/served.hpp>
#include <perron/runtime/tls/ticket_board.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace perron::runtime::tls {

namespace {

/// Of all options, so that whoever opens a ticket is as strict as who has sealed it.
std::optional<ticket_board::label> label_of(const server_options& o) {
  std::string all;
  const auto add = [&all](const std::string& text) { all += std::to_string(text.size()) + ':' + text; };
  for (const certificate_files& c : o.certificates)
    for (const std::string* file : {&c.certificate, &c.key, &c.ocsp})
      add(*file);
  add("alpn");
  for (const std::string& protocol : o.alpn)
    add(protocol);
  for (const std::string* text : {&o.client_ca, &o.min_version, &o.ciphers, &o.ciphersuites, &o.curves})
    add(*text);
  for (const auto number :
       {std::int64_t(o.client), std::int64_t(o.prefers_own_order), std::int64_t(o.keeps_openssl),
        std::int64_t(o.ticket_lifetime.count()), std::int64_t(o.ticket_key_time.count())})
    add(std::to_string(number));
  ticket_board::label out{};
  unsigned int size = 0;
  if (::EVP_Digest(all.data(), all.size(), out.data(), &size, ::EVP_sha256(), nullptr) == 1)
    return out;
  ::ERR_clear_error();
  return std::nullopt;
}

std::shared_ptr<ticket_keys> keys_for(const server_options& o) {
  if (ticket_board* const board = shared_ticket_keys(); board != nullptr)
    if (const auto label = label_of(o))
      return std::make_shared<ticket_keys>(o.ticket_key_time, o.ticket_lifetime, *board, *label);
  return std::make_shared<ticket_keys>(o.ticket_key_time, o.ticket_lifetime);
}

} // namespace

server_context::server_context(const server_options& options)
    : options_(options), tickets_(keys_for(options)) {}

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
