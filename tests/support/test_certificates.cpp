// SPDX-License-Identifier: BSD-3-Clause
#include "support/test_certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cctype>
#include <cstdint>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace perron::testing {
namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};
using owned_key = std::unique_ptr<::EVP_PKEY, freed_by<::EVP_PKEY_free>>;
using owned_certificate = std::unique_ptr<::X509, freed_by<::X509_free>>;
using owned_bio = std::unique_ptr<::BIO, freed_by<::BIO_free>>;
using owned_extension = std::unique_ptr<::X509_EXTENSION, freed_by<::X509_EXTENSION_free>>;

void require(bool fine, const char* what) {
  if (!fine)
    throw std::runtime_error(std::string("a test certificate cannot be made: ") + what);
}

template <class Write>
std::string pem_of(Write write) {
  const owned_bio out(::BIO_new(::BIO_s_mem()));
  require(write(out.get()) == 1, "PEM");
  char* text = nullptr;
  const long size = ::BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

owned_bio reader_of(const std::string& text) {
  return owned_bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

void add_extension(::X509* to, int nid, const std::string& value) {
  const owned_extension e(::X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  require(e != nullptr && ::X509_add_ext(to, e.get(), -1) == 1, value.c_str());
}

} // namespace

test_certificate make_certificate(const std::vector<std::string>& names, const test_certificate* issuer,
                                  bool authority) {
  const owned_key key(::EVP_EC_gen("P-256"));
  const owned_certificate made(::X509_new());
  require(key != nullptr && made != nullptr, "key");
  ::X509_set_version(made.get(), 2);
  std::uint32_t serial = 0;
  ::RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ::ASN1_INTEGER_set_uint64(::X509_get_serialNumber(made.get()), serial);
  ::X509_gmtime_adj(::X509_getm_notBefore(made.get()), -3600);
  ::X509_gmtime_adj(::X509_getm_notAfter(made.get()), 86400);
  ::X509_set_pubkey(made.get(), key.get());
  ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(names.at(0).c_str()), -1, -1, 0);
  std::string all;
  for (const std::string& name : names) {
    const bool is_address = std::isdigit(static_cast<unsigned char>(name[0])) != 0;
    all += (all.empty() ? "" : ",") + std::string(is_address ? "IP:" : "DNS:") + name;
  }
  add_extension(made.get(), NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!authority)
    add_extension(made.get(), NID_subject_alt_name, all);
  owned_key signing;
  if (issuer != nullptr) {
    signing.reset(::PEM_read_bio_PrivateKey(reader_of(issuer->key).get(), nullptr, nullptr, nullptr));
    const owned_certificate by(
        ::PEM_read_bio_X509(reader_of(issuer->certificate).get(), nullptr, nullptr, nullptr));
    ::X509_set_issuer_name(made.get(), ::X509_get_subject_name(by.get()));
  } else {
    ::X509_set_issuer_name(made.get(), ::X509_get_subject_name(made.get()));
  }
  require(::X509_sign(made.get(), signing != nullptr ? signing.get() : key.get(), ::EVP_sha256()) > 0,
          "sign");
  return {pem_of([&](::BIO* out) { return ::PEM_write_bio_X509(out, made.get()); }), pem_of([&](::BIO* out) {
            return ::PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

certificate_paths write_certificate(const test_certificate& what, const std::filesystem::path& folder,
                                    const std::string& name) {
  certificate_paths paths{(folder / (name + ".pem")).string(), (folder / (name + ".key")).string()};
  std::ofstream(paths.certificate) << what.certificate;
  std::ofstream(paths.key) << what.key;
  return paths;
}

} // namespace perron::testing
