// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/traffic_key.hpp>

#include "runtime/tls/hex.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string_view>
#include <vector>

namespace perron::runtime::tls::detail {
namespace {

bytes sealed(traffic_key& by, const bytes& content, record_type type = record_type::application_data) {
  bytes out(by.before() + content.size() + by.behind());
  EXPECT_TRUE(by.seal(by.begin(true), out.data(), content, type));
  return out;
}

/// RFC 8448 3: the client's application traffic.
const bytes client_secret = from_hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
const bytes client_record =
    from_hex("1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b"
             "395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4");

bytes client_data() {
  bytes out(50);
  std::iota(out.begin(), out.end(), static_cast<unsigned char>(0));
  return out;
}

TEST(TrafficKey, rfc8448_3_SealsTheClientsDataAsTheTraceDoes) {
  traffic_key key;
  ASSERT_TRUE(key.set_13(aead::aes_128_gcm, hash::sha256, client_secret));
  EXPECT_EQ(sealed(key, client_data()), client_record);
  EXPECT_EQ(key.number(), 1U);
}

TEST(TrafficKey, rfc8448_3_OpensTheClientsDataAsTheTraceDoes) {
  traffic_key key;
  ASSERT_TRUE(key.set_13(aead::aes_128_gcm, hash::sha256, client_secret));
  bytes record = client_record;
  const auto opened = key.open(key.begin(false), record);
  ASSERT_TRUE(opened.genuine);
  EXPECT_EQ(opened.type, record_type::application_data);
  EXPECT_EQ(bytes(opened.content.begin(), opened.content.end()), client_data());
}

TEST(TrafficKey, ASecretOfAnotherLengthIsRefused) {
  traffic_key key;
  EXPECT_FALSE(key.set_13(aead::aes_128_gcm, hash::sha384, client_secret));
}

/// With every cipher in both versions.
class TrafficKeyOfAny : public ::testing::TestWithParam<std::tuple<aead, bool>> {
protected:
  void set(traffic_key& key) {
    const auto [cipher, newest] = GetParam();
    if (newest)
      ASSERT_TRUE(key.set_13(cipher, hash::sha256, client_secret));
    else
      key.set_12(cipher, client_secret,
                 std::span(client_secret).first(cipher == aead::chacha20_poly1305 ? 12 : 4));
  }
};

INSTANTIATE_TEST_SUITE_P(Ciphers, TrafficKeyOfAny,
                         ::testing::Combine(::testing::Values(aead::aes_128_gcm, aead::aes_256_gcm,
                                                              aead::chacha20_poly1305),
                                            ::testing::Bool()));

TEST_P(TrafficKeyOfAny, OpensWhatItsTwinHasSealedInOrderOnly) {
  traffic_key one;
  traffic_key other;
  set(one);
  set(other);
  const bytes first = sealed(one, client_data(), record_type::alert);
  const bytes second = sealed(one, {}, record_type::handshake);
  EXPECT_NE(first, sealed(one, client_data(), record_type::alert)); // no nonce is used twice
  bytes copy = second;
  EXPECT_FALSE(other.open(other.begin(false), copy).genuine);
  copy = first;
  const auto opened = other.open(other.begin(false), copy);
  ASSERT_TRUE(opened.genuine);
  EXPECT_EQ(opened.type, record_type::alert);
  EXPECT_EQ(opened.content.size(), 50U);
  copy = second;
  EXPECT_EQ(other.open(other.begin(false), copy).type, record_type::handshake);
}

TEST_P(TrafficKeyOfAny, AChangeOfAnyBitIsSeen) {
  traffic_key one;
  set(one);
  const bytes record = sealed(one, client_data());
  for (std::size_t i = 0; i < record.size(); ++i) {
    // RFC 5246 6.2.3.3: the length of a record of TLS 1.2 is protected as that of its content; the version is
    // not sent
    if (!one.is_13() && i >= 1 && i <= 4)
      continue;
    traffic_key other;
    set(other);
    bytes bad = record;
    bad[i] ^= 0x10;
    EXPECT_FALSE(other.open(other.begin(false), bad).genuine) << i;
  }
}

TEST_P(TrafficKeyOfAny, ARecordThatIsTooShortIsNotGenuine) {
  traffic_key key;
  set(key);
  for (std::size_t size = traffic_key::header_bytes; size < key.before() + key.behind(); ++size) {
    bytes record(size);
    EXPECT_FALSE(key.open(key.begin(false), record).genuine) << size;
  }
}

TEST_P(TrafficKeyOfAny, rfc8446_7_2_AnUpdatedKeyIsAnother) {
  traffic_key one;
  traffic_key other;
  set(one);
  set(other);
  if (!one.is_13())
    return;
  ASSERT_TRUE(one.update());
  bytes record = sealed(one, client_data());
  EXPECT_FALSE(other.open(other.begin(false), record).genuine);
  ASSERT_TRUE(other.update());
  one.set_number(0);
  record = sealed(one, client_data());
  EXPECT_TRUE(other.open(other.begin(false), record).genuine);
}

TEST_P(TrafficKeyOfAny, rfc8446_5_3_NumbersDoNotBeginAnew) {
  traffic_key one;
  traffic_key other;
  set(one);
  set(other);
  one.set_number(~std::uint64_t(0) - 1);
  other.set_number(~std::uint64_t(0) - 1);
  bytes record = sealed(one, client_data());
  bytes copy = record;
  EXPECT_TRUE(other.open(other.begin(false), copy).genuine);
  EXPECT_FALSE(one.seal(one.begin(true), record.data(), client_data(), record_type::application_data));
  copy = record;
  EXPECT_FALSE(other.open(other.begin(false), copy).genuine);
}

} // namespace
} // namespace perron::runtime::tls::detail
