// SPDX-License-Identifier: BSD-3-Clause
#include "support/certificates.hpp"

#include "support/temporary_folder.hpp"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace perron::testing {
namespace {

using std::filesystem::path;

struct free_key {
  void operator()(::EVP_PKEY* k) const noexcept { ::EVP_PKEY_free(k); }
};
struct free_certificate {
  void operator()(::X509* c) const noexcept { ::X509_free(c); }
};
struct close_file {
  void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};
using key = std::unique_ptr<::EVP_PKEY, free_key>;
using owned_certificate = std::unique_ptr<::X509, free_certificate>;
using file = std::unique_ptr<std::FILE, close_file>;

void need(bool done, const char* what) {
  if (!done)
    throw std::runtime_error(std::string("test certificate: ") + what);
}

file open(const path& where, const char* mode) {
  file out(std::fopen(where.c_str(), mode));
  need(out != nullptr, where.c_str());
  return out;
}

void add(::X509* to, ::X509* issuer, int what, const std::string& value) {
  ::X509V3_CTX about;
  X509V3_set_ctx_nodb(&about);
  ::X509V3_set_ctx(&about, issuer, to, nullptr, nullptr, 0);
  ::X509_EXTENSION* const made = ::X509V3_EXT_conf_nid(nullptr, &about, what, value.c_str());
  need(made != nullptr && ::X509_add_ext(to, made, -1) == 1, value.c_str());
  ::X509_EXTENSION_free(made);
}

std::string written(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    std::array<unsigned char, 16> bytes{};
    const bool address = ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
                         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
    out += (out.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  return out;
}

/// Null `issuer`: it issues itself.
owned_certificate make(const certificate_plan& plan, ::EVP_PKEY* own, ::X509* issuer,
                       ::EVP_PKEY* issuer_key) {
  static long serial = 0x1000;
  owned_certificate out(::X509_new());
  ::X509* const c = out.get();
  ::X509_set_version(c, 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(c), ++serial);
  ::X509_gmtime_adj(::X509_getm_notBefore(c), plan.from.count());
  ::X509_gmtime_adj(::X509_getm_notAfter(c), plan.until.count());
  ::X509_set_pubkey(c, own);
  ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(plan.common_name.c_str()), -1, -1, 0);
  ::X509_set_issuer_name(c, ::X509_get_subject_name(issuer != nullptr ? issuer : c));
  add(c, issuer != nullptr ? issuer : c, NID_basic_constraints,
      plan.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!plan.names.empty())
    add(c, issuer, NID_subject_alt_name, written(plan.names));
  need(::X509_sign(c, issuer != nullptr ? issuer_key : own, ::EVP_sha256()) > 0, "signing");
  return out;
}

/// An RSA key takes long to make: one serves all.
key make_key(bool rsa) {
  key out;
  if (rsa) {
    static const key one(EVP_RSA_gen(2048));
    if (::EVP_PKEY_up_ref(one.get()) == 1)
      out.reset(one.get());
  } else {
    out.reset(EVP_EC_gen("P-256"));
  }
  need(out != nullptr, "making a key");
  return out;
}

} // namespace

struct test_authority::parts {
  temporary_folder folder;
  key own_key;
  owned_certificate own;
  std::string own_path;
};

test_authority::test_authority(const std::string& common_name) : parts_(std::make_unique<parts>()) {
  certificate_plan plan;
  plan.common_name = common_name;
  plan.names = {};
  plan.is_authority = true;
  parts_->own_key = make_key(false);
  parts_->own = make(plan, parts_->own_key.get(), nullptr, nullptr);
  parts_->own_path = folder() / "authority.pem";
  ::PEM_write_X509(open(parts_->own_path, "w").get(), parts_->own.get());
}

test_authority::~test_authority() = default;

const std::string& test_authority::certificate() const noexcept { return parts_->own_path; }
const path& test_authority::folder() const noexcept { return parts_->folder.path(); }

certificate_paths test_authority::issue(const std::string& name, const certificate_plan& plan) {
  const key own = make_key(plan.rsa);
  const auto made = make(plan, own.get(), parts_->own.get(), parts_->own_key.get());
  certificate_paths out{folder() / (name + ".pem"), folder() / (name + ".key")};
  ::PEM_write_X509(open(out.certificate, "w").get(), made.get());
  ::PEM_write_PrivateKey(open(out.key, "w").get(), own.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return out;
}

std::string test_authority::ocsp(const std::string& name, const certificate_paths& of,
                                 std::chrono::seconds from, std::chrono::seconds until) {
  const owned_certificate subject(
      ::PEM_read_X509(open(of.certificate, "r").get(), nullptr, nullptr, nullptr));
  ::OCSP_BASICRESP* const basic = ::OCSP_BASICRESP_new();
  ::OCSP_CERTID* const id = ::OCSP_cert_to_id(::EVP_sha1(), subject.get(), parts_->own.get());
  ::ASN1_TIME* const begins = ::X509_gmtime_adj(nullptr, from.count());
  ::ASN1_TIME* const ends = ::X509_gmtime_adj(nullptr, until.count());
  need(::OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, nullptr, begins, ends) != nullptr,
       "status");
  need(::OCSP_basic_sign(basic, parts_->own.get(), parts_->own_key.get(), ::EVP_sha256(), nullptr, 0) == 1,
       "signing a status");
  ::OCSP_RESPONSE* const response = ::OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* der = nullptr;
  const int size = ::i2d_OCSP_RESPONSE(response, &der);
  need(size > 0, "a status");
  std::string where =
      write(name + ".ocsp", std::string(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)));
  ::OPENSSL_free(der);
  ::OCSP_RESPONSE_free(response);
  ::ASN1_TIME_free(ends);
  ::ASN1_TIME_free(begins);
  ::OCSP_CERTID_free(id);
  ::OCSP_BASICRESP_free(basic);
  return where;
}

std::string test_authority::lock(const certificate_paths& of) const {
  const key open_key(::PEM_read_PrivateKey(open(of.key, "r").get(), nullptr, nullptr, nullptr));
  std::string where = of.key + ".locked";
  const std::string password = "secret";
  need(::PEM_write_PrivateKey(open(where, "w").get(), open_key.get(), ::EVP_aes_128_cbc(),
                              reinterpret_cast<const unsigned char*>(password.data()),
                              static_cast<int>(password.size()), nullptr, nullptr) == 1,
       "locking a key");
  return where;
}

std::string test_authority::join(const std::string& name, const std::vector<std::string>& paths) const {
  std::string all;
  for (const std::string& one : paths) {
    std::ifstream from(one, std::ios::binary);
    all.append(std::istreambuf_iterator<char>(from), {});
  }
  return write(name, all);
}

std::string test_authority::write(const std::string& name, const std::string& content) const {
  const path where = folder() / name;
  std::ofstream(where, std::ios::binary) << content;
  return where;
}

} // namespace perron::testing
