// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/raw_client.hpp"

#include <memory>
#include <string>

struct ssl_session_st;

namespace perron::testing {

/// What a TLS client says of itself. It believes any server.
struct tls_wire_options {
  std::string server_name = "localhost"; ///< SNI; empty: none
  std::string certificate{};             ///< a file of PEM, to show when asked
  std::string key{};                     ///< its key, such a file
  bool only_1_2 = false;
  std::shared_ptr<::ssl_session_st> resume{}; ///< of an earlier wire
};

/// TLS for a raw_client, by OpenSSL itself and nothing of the library under test.
class tls_wire final : public raw_client::wire {
public:
  /// Shakes hands on a connected blocking socket. Null: it failed, and `why` says how.
  static std::unique_ptr<tls_wire> shake_hands(int socket, const tls_wire_options& options,
                                               std::string* why = nullptr);
  ~tls_wire() override;

  ssize_t send(const char* bytes, std::size_t size) override;
  ssize_t receive(char* into, std::size_t size) override;
  void say_goodbye() override;
  bool has_pending() const override;

  bool was_resumed() const;
  std::string version() const;
  /// The subject's common name of the server's certificate.
  std::string server_subject() const;
  /// To be resumed; TLS 1.3 has it once something was received.
  std::shared_ptr<::ssl_session_st> session() const;
  /// Changes the own key, and asks the server to do the same (RFC 8446 4.6.3). Goes out with what is sent
  /// next.
  bool update_key();

private:
  struct parts;
  explicit tls_wire(std::unique_ptr<parts> of);
  std::unique_ptr<parts> parts_;
};

/// Shakes hands on a client that has connected and has said nothing yet.
void secure(raw_client& c, const tls_wire_options& options = {});

/// A client that has shaken hands with the server on `port`; fails the test if that fails.
raw_client secure_client(std::uint16_t port, const tls_wire_options& options = {});

} // namespace perron::testing
