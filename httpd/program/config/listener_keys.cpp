// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/certificate_values.hpp>
#include <perron/httpd/program/config/values.hpp>

namespace perron::httpd::program {

using namespace values;
using namespace std::chrono_literals;

namespace {
using listener = listener_settings;
using tls = tls_settings;
using files = certificate_settings;
} // namespace

const section& listener_keys() {
  static const section keys{
      "[[listener]]",
      "A place where the server listens. Without any there is \":80\", and \":443\" with TLS if a site has a "
      "certificate.",
      {
          {"name", text(access(&listener::name), words::label), "\"https\"",
           "What sites call it in listeners. Without it, its first address."},
          {.name = "listen",
           .value = addresses(access(&listener::listen)),
           .example = "\"0.0.0.0:443\"",
           .text = "An address and a port, or a list of them: \"192.0.2.1:80\", \"[2001:db8::1]:80\", "
                   "\":80\" for all "
                   "addresses of the machine, IPv4 and IPv6, \"localhost:8080\", or "
                   "\"unix:/run/perron/web.sock\".",
           .others = "port address bind",
           .required = true},
          {"backlog", count(number(&listener::backlog), 1, 65'535), "4096",
           "How many clients the kernel lets wait until they are taken; bounded by net.core.somaxconn.",
           "listen_backlog"},
          {"tls", optional_table(&listener::tls, tls_keys()), "",
           "With true, or with a table of its own, the listener speaks TLS. The certificates come from here "
           "and "
           "from its sites.",
           "ssl https"},
          {"limits", table(&listener::limits, limit_keys()), "",
           "Bounds of this listener; what is not said here is as in [limits]."},
          {"proxy_protocol_from", texts(access(&listener::proxy_protocol_from), words::network),
           "[\"10.0.0.0/8\"]",
           "Addresses of proxies in front of this listener. If there are any, every connection must come "
           "from one "
           "of them and begin with a PROXY header, version 1 or 2; the client named there is the client.",
           "proxy_protocol"},
      },
      fresh<listener>()};
  return keys;
}

const section& tls_keys() {
  static const section keys{
      "[listener.tls]",
      "TLS of a listener. The defaults are Mozilla's \"intermediate\" profile: TLS 1.2 and 1.3, forward "
      "secrecy, "
      "authenticated encryption. Certificates are chosen by the name that the client asks for and the names "
      "in "
      "them. They are read again by perron reload.",
      {
          {"certificate", certificate_part<tls>(&files::certificate), "\"/etc/perron/default.pem\"",
           "The certificate for clients that ask for no name or for an unknown one: PEM, with the "
           "certificates "
           "that lead to its root behind it. Without it, that of the first site.",
           "ssl_certificate certfile cert"},
          {"key", certificate_part<tls>(&files::key), "\"/etc/perron/default.key\"",
           "Its key: PEM, without a password. Without it, the key is taken from the certificate's file.",
           "ssl_certificate_key keyfile"},
          {"ocsp", certificate_part<tls>(&files::ocsp), "\"/etc/perron/default.ocsp\"",
           "A file with its issuer's OCSP response, DER, to send along.", "ssl_stapling_file"},
          {"certificates", certificate_list<tls>(), "",
           "Several certificates, each with certificate, key and ocsp, in place of these three keys; say one "
           "with "
           "an RSA and one with an ECDSA key."},
          {"min_version", choice(access(&tls::min_version), {"1.2", "1.3"}), "\"1.2\"",
           "The oldest version that is spoken.", "ssl_protocols protocol_version"},
          {"ciphers", text(access(&tls::ciphers), words::any), "\"ECDHE+AESGCM\"",
           "The cipher suites of TLS 1.2, as in openssl-ciphers(1). Empty: those of the profile.",
           "ssl_ciphers"},
          {"ciphersuites", text(access(&tls::ciphersuites), words::any), "\"TLS_AES_128_GCM_SHA256\"",
           "Those of TLS 1.3."},
          {"curves", text(access(&tls::curves), words::any), "\"X25519:prime256v1\"",
           "The groups for the exchange of keys, in order of preference.", "ssl_ecdh_curve eccs"},
          {"prefers_own_order", flag(access(&tls::prefers_own_order)), "false",
           "The order of the server's ciphers counts, not that of the client's.",
           "ssl_prefer_server_ciphers honor_cipher_order"},
          {"client", choice(access(&tls::client), {"none", "optional", "required"}), "\"required\"",
           "Whether clients are asked for a certificate. With optional, one that does not verify is let in "
           "and "
           "marked as such for modules; with required the handshake fails without a good one.",
           "ssl_verify_client client_auth verify"},
          {"client_ca", path(access(&tls::client_ca), path_kind::file), "\"/etc/perron/clients-ca.pem\"",
           "PEM: who may issue certificates of clients.", "ssl_client_certificate cacertfile"},
          {"keeps_openssl", flag(access(&tls::keeps_openssl)), "true",
           "Whether OpenSSL keeps each connection to its end. Else its part ends with the handshake, and "
           "Perron's own records go on with the keys and OpenSSL's ciphers, which takes a twentieth of the "
           "memory."},
          {"uses_kernel", flag(access(&tls::uses_kernel)), "true",
           "Whether the kernel encrypts what is sent, where it can (module tls, loaded before perron "
           "starts; not with keeps_openssl): files then go from its cache to the client directly.",
           "ktls ssl_conf_command"},
          {"ticket_lifetime", seconds(access(&tls::ticket_lifetime), 0ms, 24h * 7), "\"1d\"",
           "How long a client may resume a session without a full handshake. 0: not at all.",
           "ssl_session_timeout"},
          {"ticket_key_time", seconds(access(&tls::ticket_key_time), 1min, 24h * 7), "\"12h\"",
           "How often the key changes that tickets are encrypted with."},
          {"handshake_time", duration(access(&tls::handshake_time), 100ms, 1h), "\"10s\"",
           "How long a handshake may take.", "ssl_handshake_timeout"},
          {"max_handshakes", count(number(&tls::max_handshakes), 1, 1'000'000), "512",
           "The most handshakes at once; further clients wait."},
      },
      fresh<tls>()};
  return keys;
}

const section& certificate_keys() {
  static const section keys{
      "[[site.certificates]]",
      "One of several certificates.",
      {
          {.name = "certificate",
           .value = path(access(&files::certificate), path_kind::file),
           .example = "\"/etc/perron/example-ecdsa.pem\"",
           .text = "The certificate and those that lead to its root: PEM.",
           .others = "cert",
           .required = true},
          {"key", path(access(&files::key), path_kind::file), "\"/etc/perron/example-ecdsa.key\"",
           "Its key: PEM. Without it, the key is taken from the certificate's file."},
          {"ocsp", path(access(&files::ocsp), path_kind::file), "\"/etc/perron/example-ecdsa.ocsp\"",
           "Its issuer's OCSP response: DER."},
      },
      fresh<files>()};
  return keys;
}

} // namespace perron::httpd::program
