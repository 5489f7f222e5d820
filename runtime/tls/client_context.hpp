// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>
#include <perron/runtime/tls/options.hpp>

#include <memory>

struct ssl_ctx_st;

namespace perron::runtime::tls {

/// Whom a TLS client trusts, and the tickets with which it resumes sessions: the last one of each server
/// name, of at most 256 names. Made once, shared by all connections of a client; sessions hold on to what
/// they need, so it may go before them. Any thread. Trusting whom the system trusts costs about a megabyte,
/// once a context.
class client_context {
public:
  /// Errors name the file and what is wrong. Blocks on the disk.
  static result<std::shared_ptr<client_context>> make(const client_options& options = {});

  client_context(const client_context&) = delete;
  client_context& operator=(const client_context&) = delete;
  ~client_context();

  const client_options& options() const noexcept { return options_; }

private:
  friend class session;

  client_context(const client_options& options, ::ssl_ctx_st* made) : options_(options), context_(made) {}

  const client_options options_;
  ::ssl_ctx_st* const context_;
};

} // namespace perron::runtime::tls
