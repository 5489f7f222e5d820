// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>
#include <perron/runtime/tls/options.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

struct ssl_ctx_st;

namespace perron::runtime::tls {

class ticket_keys;

/// What a TLS server shows and accepts: certificates, keys, rules. Made once, shared by all connections of a
/// server; sessions hold on to what they need of it, so it may go before them.
///
/// Any thread. A certificate costs some 20 KiB; a session takes one lock for some nanoseconds.
///
/// | field             | who may touch it                               |
/// |-------------------|------------------------------------------------|
/// | options_          | not changed once made                          |
/// | tickets_          | not changed once made; synchronised            |
/// | now_, warnings_   | under `mutex_`; what now_ points to is constant |
class server_context {
public:
  /// Reads the files. Errors name the file and what is wrong: "site.pem: no certificate in it", "site.key is
  /// not the key of the certificate in site.pem", "ciphers: no cipher match". Blocks on the disk.
  static result<std::shared_ptr<server_context>> make(const server_options& options);

  server_context(const server_context&) = delete;
  server_context& operator=(const server_context&) = delete;
  ~server_context();

  /// Reads the files again. Later sessions use what they hold now, those that run keep theirs; tickets stay
  /// good unless the rules for client certificates have changed. After an error nothing has changed. Blocks
  /// on the disk.
  result<void> reload();

  /// Begins with a new key for tickets before its time. Those of earlier keys stay good.
  void change_ticket_key();

  /// What does not stop a server but somebody should know of: certificates and OCSP responses that were out
  /// of date when they were read, a line each with the file.
  std::vector<std::string> warnings() const;

  const server_options& options() const noexcept { return options_; }

private:
  friend class session;

  explicit server_context(const server_options& options);
  /// The caller's to free.
  ::ssl_ctx_st* take() const noexcept;

  const server_options options_;
  const std::shared_ptr<ticket_keys> tickets_;
  mutable std::mutex mutex_;
  ::ssl_ctx_st* now_ = nullptr;
  std::vector<std::string> warnings_;
};

} // namespace perron::runtime::tls
