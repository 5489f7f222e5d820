// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/served.hpp>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>

// What is spoken. The profile: https://wiki.mozilla.org/Security/Server_Side_TLS, "intermediate", 5.7.

namespace perron::runtime::tls::detail {
namespace {

constexpr const char* intermediate_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305";
constexpr const char* intermediate_suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* intermediate_curves = "X25519:prime256v1:secp384r1";

/// 0: unknown.
int version_of(const std::string& text) {
  return text == "1.2" ? TLS1_2_VERSION : text == "1.3" ? TLS1_3_VERSION : 0;
}

/// RFC 7919's group of 2048 bits, for clients without elliptic curves.
owned_key finite_field_group() {
  using owned_making = std::unique_ptr<::EVP_PKEY_CTX, freed_by<::EVP_PKEY_CTX_free>>;
  const owned_making by(::EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  std::string name = "ffdhe2048";
  std::array<::OSSL_PARAM, 2> parameters{
      ::OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), 0),
      ::OSSL_PARAM_construct_end()};
  ::EVP_PKEY* made = nullptr;
  if (by == nullptr || ::EVP_PKEY_fromdata_init(by.get()) != 1 ||
      ::EVP_PKEY_fromdata(by.get(), &made, EVP_PKEY_KEY_PARAMETERS, parameters.data()) != 1)
    return nullptr;
  return owned_key(made);
}

} // namespace

result<void> apply(const rules& of, ::SSL_CTX* to) {
  if (version_of(of.min_version) == 0)
    return wrong("min_version", "\"" + of.min_version + "\" is neither \"1.2\" nor \"1.3\"");
  if (version_of(of.max_version) < version_of(of.min_version))
    return wrong("max_version",
                 "\"" + of.max_version + "\" is neither \"1.2\" nor \"1.3\", or below min_version");
  if (::SSL_CTX_set_min_proto_version(to, version_of(of.min_version)) != 1 ||
      ::SSL_CTX_set_max_proto_version(to, version_of(of.max_version)) != 1)
    return wrong("min_version", take_reason());
  if (::SSL_CTX_set_cipher_list(to, of.ciphers.empty() ? intermediate_ciphers : of.ciphers.c_str()) != 1)
    return wrong("ciphers", take_reason());
  if (::SSL_CTX_set_ciphersuites(to, of.ciphersuites.empty() ? intermediate_suites
                                                             : of.ciphersuites.c_str()) != 1)
    return wrong("ciphersuites", take_reason());
  if (::SSL_CTX_set1_groups_list(to, of.curves.empty() ? intermediate_curves : of.curves.c_str()) != 1) {
    ::ERR_clear_error();
    return wrong("curves", "no list of curves that are known here: \"" + of.curves + "\"");
  }
  if (owned_key group = finite_field_group();
      group == nullptr || ::SSL_CTX_set0_tmp_dh_pkey(to, group.get()) != 1)
    ::ERR_clear_error(); // suites that need it are not used then
  else
    static_cast<void>(group.release());
  return {};
}

result<void> use(const certificate& shown, ::SSL_CTX* by) {
  STACK_OF(X509)* const chain = sk_X509_new_null();
  for (const owned_certificate& one : shown.chain)
    sk_X509_push(chain, one.get());
  const int used = ::SSL_CTX_use_cert_and_key(by, shown.own.get(), shown.key.get(), chain, 1);
  sk_X509_free(chain);
  if (used != 1)
    return wrong(shown.files.certificate, "cannot be used: " + take_reason());
  return {};
}

result<std::string> alpn_on_the_wire(const std::vector<std::string>& protocols) {
  std::string out;
  for (const std::string& one : protocols) {
    if (one.empty() || one.size() > 255)
      return wrong("alpn", "a protocol's name has 1 to 255 bytes");
    out += static_cast<char>(one.size());
    out += one;
  }
  return out;
}

} // namespace perron::runtime::tls::detail
