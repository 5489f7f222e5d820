// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/key_derivation.hpp>

#include <perron/runtime/tls/key_schedule.hpp>
#include <perron/runtime/tls/library.hpp>

#include "runtime/tls/hex.hpp"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace perron::runtime::tls::detail {
namespace {

using owned_kdf = std::unique_ptr<::EVP_KDF, freed_by<::EVP_KDF_free>>;
using owned_derivation = std::unique_ptr<::EVP_KDF_CTX, freed_by<::EVP_KDF_CTX_free>>;

octets of_text(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

bytes extracted(hash with, const bytes& salt, const bytes& secret) {
  bytes out(size_of(with));
  extract(with, salt, secret, out);
  return out;
}

bytes expanded(hash with, const bytes& secret, std::string_view label, const bytes& context,
               std::size_t size) {
  bytes out(size);
  EXPECT_TRUE(expand_label(with, secret, label, context, out));
  return out;
}

bytes stepped(hash with, const bytes& before, const bytes& secret) {
  bytes out(size_of(with));
  EXPECT_TRUE(next_secret(with, before, secret, out));
  return out;
}

bytes prf(hash with, const bytes& secret, std::string_view label, const bytes& seed, std::size_t size) {
  bytes out(size);
  prf_12(with, secret, std::array{of_text(label), octets(seed)}, out);
  return out;
}

// -- by what is published

TEST(KeyDerivation, rfc5869_2_2_ExtractsAsItsFirstAndThirdTestCasesDo) {
  EXPECT_EQ(extracted(hash::sha256, from_hex("000102030405060708090a0b0c"), bytes(22, 0x0b)),
            from_hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
  EXPECT_EQ(extracted(hash::sha256, {}, bytes(22, 0x0b)),
            from_hex("19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04"));
}

const bytes early = from_hex("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a");
const bytes of_handshake = from_hex("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac");

TEST(KeyDerivation, rfc8446_7_1_StepsThroughTheSecretsAsTheTraceOfRfc8448Does) {
  EXPECT_EQ(stepped(hash::sha256, {}, {}), early);
  EXPECT_EQ(stepped(hash::sha256, early,
                    from_hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d")),
            of_handshake);
  EXPECT_EQ(stepped(hash::sha256, of_handshake, {}),
            from_hex("18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919"));
}

TEST(KeyDerivation, rfc8446_7_1_ExpandsLabelsAsTheTraceOfRfc8448Does) {
  const bytes client =
      expanded(hash::sha256, of_handshake, "c hs traffic",
               from_hex("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8"), 32);
  EXPECT_EQ(client, from_hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21"));
  EXPECT_EQ(expanded(hash::sha256, client, "key", {}, 16), from_hex("dbfaa693d1762c5b666af5d950258d01"));
  EXPECT_EQ(expanded(hash::sha256, client, "iv", {}, 12), from_hex("5bd3c71b836e0b76bb73265f"));
}

TEST(KeyDerivation, rfc5246_5_MakesWhatTheKnownTestOfSha256Does) {
  EXPECT_EQ(
      prf(hash::sha256, from_hex("9bbe436ba940f017b17652849a71db35"), "test label",
          from_hex("a0ba9f936cda311827a6f796ffd5198c"), 100),
      from_hex(
          "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9"
          "af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110"
          "fff70187347b66"));
}

TEST(KeyDerivation, WhatIsTooLongIsRefused) {
  bytes out(32);
  EXPECT_FALSE(expand_label(hash::sha256, early, "thirteen byte", {}, out));
  EXPECT_FALSE(expand_label(hash::sha256, early, "key", bytes(65), out));
  out.resize(255 * 32 + 1);
  EXPECT_FALSE(expand_label(hash::sha256, early, "key", {}, out));
}

// -- beside OpenSSL's own, by the question that its TLS asks

class asked_of_openssl : public ::testing::TestWithParam<const char*> {
protected:
  void SetUp() override { ASSERT_NE(key_schedule_properties(), nullptr); }

  static ::OSSL_PARAM octets_as(const char* key, const bytes& what) {
    return ::OSSL_PARAM_construct_octet_string(key, const_cast<unsigned char*>(what.data()), what.size());
  }
  ::OSSL_PARAM digest() {
    return ::OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_.data(), 0);
  }
  /// Empty: it was refused.
  static bytes answer(const char* kdf, const char* properties, const std::vector<::OSSL_PARAM>& asked,
                      std::size_t size) {
    const owned_kdf fetched(::EVP_KDF_fetch(nullptr, kdf, properties));
    const owned_derivation by(::EVP_KDF_CTX_new(fetched.get()));
    bytes out(size);
    if (by == nullptr || ::EVP_KDF_derive(by.get(), out.data(), out.size(), asked.data()) != 1)
      out.clear();
    ::ERR_clear_error();
    return out;
  }
  static void expect_the_same(const char* kdf, const std::vector<::OSSL_PARAM>& asked, std::size_t size) {
    const bytes theirs = answer(kdf, nullptr, asked, size);
    EXPECT_EQ(answer(kdf, key_schedule_properties(), asked, size), theirs);
    EXPECT_EQ(theirs.size(), size);
  }

  std::string digest_ = GetParam();
  std::size_t size_ = digest_.ends_with("384") ? 48 : 32;
  int extract_ = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
  int expand_ = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const bytes prefix_ = from_hex("746c73313320"); // "tls13 "
  const bytes derived_ = from_hex("64657269766564");
};

TEST_P(asked_of_openssl, secrets_of_tls_1_3_are_the_same) {
  const bytes before(size_, 0x17);
  for (const bytes& secret : {bytes(32, 0x2a), bytes(48, 0x2b), bytes(133, 0x2c)})
    expect_the_same("TLS13-KDF",
                    {::OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &extract_), digest(),
                     octets_as(OSSL_KDF_PARAM_KEY, secret), octets_as(OSSL_KDF_PARAM_SALT, before),
                     octets_as(OSSL_KDF_PARAM_PREFIX, prefix_), octets_as(OSSL_KDF_PARAM_LABEL, derived_),
                     ::OSSL_PARAM_construct_end()},
                    size_);
  expect_the_same("TLS13-KDF",
                  {::OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &extract_), digest(),
                   octets_as(OSSL_KDF_PARAM_PREFIX, prefix_), octets_as(OSSL_KDF_PARAM_LABEL, derived_),
                   ::OSSL_PARAM_construct_end()},
                  size_);
}

TEST_P(asked_of_openssl, labels_of_tls_1_3_are_the_same) {
  const bytes secret(size_, 0x31);
  const bytes label = from_hex("632061702074726166666963");
  for (const std::size_t size : {12U, 16U, 32U, 48U, 100U})
    for (const bytes& context : {bytes(), bytes(8, 1), bytes(size_, 2)}) {
      std::vector<::OSSL_PARAM> asked{::OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &expand_), digest(),
                                      octets_as(OSSL_KDF_PARAM_KEY, secret),
                                      octets_as(OSSL_KDF_PARAM_PREFIX, prefix_),
                                      octets_as(OSSL_KDF_PARAM_LABEL, label)};
      if (!context.empty())
        asked.push_back(octets_as(OSSL_KDF_PARAM_DATA, context));
      asked.push_back(::OSSL_PARAM_construct_end());
      expect_the_same("TLS13-KDF", asked, size);
    }
}

TEST_P(asked_of_openssl, prf_of_tls_1_2_is_the_same) {
  const bytes label = from_hex("6d617374657220736563726574");
  for (const std::size_t size : {12U, 48U, 88U, 200U})
    for (const std::size_t secret_size : {32U, 48U, 64U, 200U}) {
      const bytes secret(secret_size, 0x44);
      const bytes first(32, 1);
      const bytes second(32, 2);
      expect_the_same("TLS1-PRF",
                      {digest(), octets_as(OSSL_KDF_PARAM_SECRET, secret),
                       octets_as(OSSL_KDF_PARAM_SEED, label), octets_as(OSSL_KDF_PARAM_SEED, first),
                       octets_as(OSSL_KDF_PARAM_SEED, second), ::OSSL_PARAM_construct_end()},
                      size);
    }
}

INSTANTIATE_TEST_SUITE_P(hashes, asked_of_openssl,
                         ::testing::Values("SHA256", "SHA2-256", "SHA384", "SHA2-384"), [](const auto& of) {
                           std::string name = of.param;
                           std::erase(name, '-');
                           return name;
                         });

// -- the provider among others

TEST(KeySchedule, WhoAsksWithoutItsPropertiesGetsOpensslsOwn) {
  ASSERT_NE(key_schedule_properties(), nullptr);
  for (const char* const kdf : {"TLS13-KDF", "TLS1-PRF"}) {
    const owned_kdf usual(::EVP_KDF_fetch(nullptr, kdf, nullptr));
    EXPECT_STREQ(::OSSL_PROVIDER_get0_name(::EVP_KDF_get0_provider(usual.get())), "default");
    const owned_kdf ours(::EVP_KDF_fetch(nullptr, kdf, key_schedule_properties()));
    EXPECT_STREQ(::OSSL_PROVIDER_get0_name(::EVP_KDF_get0_provider(ours.get())), "perron");
  }
  const owned_kdf other(::EVP_KDF_fetch(nullptr, "HKDF", key_schedule_properties()));
  EXPECT_STREQ(::OSSL_PROVIDER_get0_name(::EVP_KDF_get0_provider(other.get())), "default");
}

TEST(KeySchedule, WhatItDoesNotKnowIsRefused) {
  bytes out(32);
  std::string digest = "MD5-SHA1";
  bytes secret(48, 1);
  const std::array<::OSSL_PARAM, 4> old{
      ::OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      ::OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret.data(), secret.size()),
      ::OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, secret.data(), secret.size()),
      ::OSSL_PARAM_construct_end()};
  for (const char* const kdf : {"TLS13-KDF", "TLS1-PRF"}) {
    const owned_kdf fetched(::EVP_KDF_fetch(nullptr, kdf, key_schedule_properties()));
    const owned_derivation by(::EVP_KDF_CTX_new(fetched.get()));
    EXPECT_NE(::EVP_KDF_derive(by.get(), out.data(), out.size(), nullptr), 1);
    EXPECT_NE(::EVP_KDF_derive(by.get(), out.data(), out.size(), old.data()), 1);
  }
  ::ERR_clear_error();
}

} // namespace
} // namespace perron::runtime::tls::detail
