// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/check.hpp>

#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace perron::httpd::program {

namespace {

using file_bio = std::unique_ptr<BIO, int (*)(BIO*)>;
using x509 = std::unique_ptr<X509, void (*)(X509*)>;
using private_key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

/// Keys with a password are none: nobody is there to type it.
int no_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

void check_one(const certificate_settings& files, const std::string& path, reading& r) {
  const file_bio certificate_file(BIO_new_file(files.certificate.c_str(), "r"), BIO_free);
  const file_bio key_file(BIO_new_file(files.key.c_str(), "r"), BIO_free);
  bool asked = false;
  // Files that cannot be read have been told of.
  if (certificate_file && key_file) {
    const x509 certificate(PEM_read_bio_X509(certificate_file.get(), nullptr, no_password, &asked),
                           X509_free);
    const private_key key(PEM_read_bio_PrivateKey(key_file.get(), nullptr, no_password, &asked),
                          EVP_PKEY_free);
    if (!certificate)
      r.fail_at(path + ".certificate", "there is no certificate in " + files.certificate,
                "name a PEM file with -----BEGIN CERTIFICATE-----");
    else if (!key && asked)
      r.fail_at(path + ".key", files.key + " has a password",
                "take it off: openssl pkey -in " + files.key + " -out NEW.key");
    else if (!key)
      r.fail_at(path + ".key", "there is no private key in " + files.key,
                "name a PEM file with -----BEGIN PRIVATE KEY-----");
    else if (X509_check_private_key(certificate.get(), key.get()) != 1)
      r.fail_at(path + ".key",
                "the key in " + files.key + " is not that of the certificate in " + files.certificate,
                "name the key that the certificate was made with");
  }
  ERR_clear_error();
}

void check_all(const std::vector<certificate_settings>& all, const std::string& path, reading& r) {
  const bool is_list = r.place_of(path + ".certificates").line != 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!all[i].certificate.empty())
      check_one(all[i], is_list ? path + ".certificates[" + std::to_string(i + 1) + ']' : path, r);
}

} // namespace

void check_certificates(const configuration& whole, reading& r) {
  for (std::size_t i = 0; i < whole.listeners.size(); ++i)
    if (whole.listeners[i].tls)
      check_all(whole.listeners[i].tls->certificates, "listener[" + std::to_string(i + 1) + "].tls", r);
  for (std::size_t i = 0; i < whole.sites.size(); ++i)
    check_all(whole.sites[i].certificates, "site[" + std::to_string(i + 1) + ']', r);
}

} // namespace perron::httpd::program
