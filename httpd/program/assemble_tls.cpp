// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/assemble_tls.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace perron::httpd::program {

namespace tls = runtime::tls;

std::shared_ptr<tls::server_context> assemble_tls(const configuration& from,
                                                  const listener_settings& listener) {
  const tls_settings& said = *listener.tls;
  tls::server_options options;
  for (const certificate_settings& files : certificates_of(from, listener))
    options.certificates.push_back({files.certificate, files.key, files.ocsp});
  options.client = said.client == "required"   ? tls::client_certificates::required
                   : said.client == "optional" ? tls::client_certificates::optional
                                               : tls::client_certificates::none;
  options.client_ca = said.client_ca;
  options.min_version = said.min_version;
  options.ciphers = said.ciphers;
  options.ciphersuites = said.ciphersuites;
  options.curves = said.curves;
  options.prefers_own_order = said.prefers_own_order;
  options.keeps_openssl = said.keeps_openssl;
  options.ticket_lifetime = std::chrono::duration_cast<std::chrono::seconds>(said.ticket_lifetime);
  options.ticket_key_time = std::chrono::duration_cast<std::chrono::seconds>(said.ticket_key_time);
  auto made = tls::server_context::make(options);
  if (!made) {
    const std::string place = listener.place.to_string();
    throw std::invalid_argument((place.empty() ? "tls: " : place + ": tls: ") + made.error().text);
  }
  return std::move(*made);
}

} // namespace perron::httpd::program
