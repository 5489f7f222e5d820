// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace perron::runtime::tls {

/// The files of one certificate.
struct certificate_files {
  std::string certificate; ///< PEM: the certificate, then those that lead to a root, in order
  std::string key{};       ///< PEM, without a password; empty: it stands in the certificate's file
  std::string ocsp{}; ///< DER: what the issuer says of the certificate (RFC 6960), to staple; may be empty
};

/// Whether clients are asked for a certificate.
enum class client_certificates : std::uint8_t {
  none,
  optional, ///< asked for; one that does not verify is let in, with client_certificate::verified false
  required  ///< a handshake without one that verifies fails
};

/// What a server speaks. The defaults are Mozilla's "intermediate" profile, version 5.7: TLS 1.2 and 1.3,
/// only suites with forward secrecy and authenticated encryption. Never:
/// renegotiation, compression, early data.
struct server_options {
  /// The first one is for names that none of them is for, and for clients that name nobody. The others are
  /// chosen by the names in them (subjectAltName; commonName where there are none; "*." stands for one
  /// label), an exact name before a wildcard. Of several for one name, one of each kind of key is used, as
  /// the client can.
  std::vector<certificate_files> certificates;
  /// In order of preference. A client that offers others only is refused (RFC 7301 3.2); empty: not spoken.
  std::vector<std::string> alpn{"http/1.1"};

  client_certificates client = client_certificates::none;
  std::string client_ca{}; ///< PEM: who may issue clients' certificates; needed if they are asked for

  std::string min_version = "1.2"; ///< "1.2" or "1.3"
  std::string ciphers{};           ///< of TLS 1.2, as openssl-ciphers(1) writes them
  std::string ciphersuites{};      ///< of TLS 1.3, "TLS_AES_128_GCM_SHA256:..."
  std::string curves{};            ///< "X25519:prime256v1:..."
  /// Whose order of ciphers counts. Mozilla leaves it to the client, so that a phone without AES in hardware
  /// gets ChaCha20; here such a client gets it as well, as it says so by naming it first.
  bool prefers_own_order = true;
  /// Whether OpenSSL keeps each connection to its end. By default its connection is given up when the
  /// handshake is complete, and Perron's own records go on with the keys and OpenSSL's ciphers: 0.6 KB a
  /// connection instead of 14, and a large answer takes two thirds of the time. For those who trust no other
  /// TLS than OpenSSL's.
  bool keeps_openssl = false;

  /// How long a session can be resumed (RFC 5077, RFC 8446 4.6.1). All that is needed for it is in the
  /// client's ticket; nothing is kept here. 0: no tickets. At most a week.
  std::chrono::seconds ticket_lifetime{std::chrono::hours(24)};
  /// How often the key of the tickets changes; a key opens tickets for ticket_lifetime after its turn.
  std::chrono::seconds ticket_key_time{std::chrono::hours(12)};
};

/// What a client speaks and whom it trusts.
struct client_options {
  bool verify = true;    ///< false: anybody may be at the other end. For tests.
  std::string ca_file{}; ///< PEM: whom to trust; empty: whom the system trusts
  std::string
      server_name{}; ///< whom to expect instead of the name that is connected to: a name or an address
  std::vector<std::string> alpn{};
  certificate_files own{};         ///< to show when asked for
  std::string min_version = "1.2"; ///< "1.2" or "1.3"
  std::string max_version = "1.3";
  std::string ciphers{};      ///< of TLS 1.2, as in server_options
  bool asks_for_ocsp = false; ///< see session::stapled_ocsp()
};

} // namespace perron::runtime::tls
