// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace perron::runtime::tls {

/// Whom the other end has shown to be.
struct peer_certificate {
  std::string subject;     ///< as RFC 2253 writes it: "CN=ann,O=Example"
  std::string issuer;      ///< likewise
  std::string serial;      ///< hexadecimal, capital letters
  std::string fingerprint; ///< SHA-256 of the certificate (DER), hexadecimal, small letters
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;
  bool verified = false; ///< somebody who is trusted has issued it, and it is in its time
  std::string why_not{}; ///< else OpenSSL's word for what is wrong
  std::string pem;       ///< all of it
};

/// What a handshake has agreed on. The texts live as long as the session.
struct session_info {
  std::string_view version;                     ///< "TLSv1.3"
  std::string_view cipher;                      ///< "TLS_AES_128_GCM_SHA256"
  std::string_view alpn;                        ///< "http/1.1"; empty: none
  std::string_view server_name;                 ///< what the client asked for (SNI); empty: nothing
  bool resumed = false;                         ///< by a ticket of an earlier one
  std::unique_ptr<const peer_certificate> peer; ///< null: none was shown
};

} // namespace perron::runtime::tls
