// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/records.hpp>

#include "runtime/tls/openssl_peer.hpp"
#include "runtime/tls/sessions.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace perron::runtime::tls {
namespace {

using namespace perron::testing;
using ::testing::HasSubstr;

struct suite {
  const char* name;
  const char* version;
  bool rsa = false;
};

/// With every suite of the profile, and one that is left to OpenSSL.
class TlsRecords : public tls_fixture, public ::testing::WithParamInterface<suite> {
protected:
  TlsRecords() {
    certificate_plan plan;
    plan.rsa = GetParam().rsa;
    server_options_.certificates = {files(authority_.issue("server", plan))};
    if (std::string_view(GetParam().version) == "1.2") {
      server_options_.ciphers = GetParam().name;
      client_options_.max_version = "1.2";
      client_options_.ciphers = GetParam().name;
    } else {
      server_options_.ciphersuites = GetParam().name;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Suites, TlsRecords,
                         ::testing::Values(suite{"TLS_AES_128_GCM_SHA256", "1.3"},
                                           suite{"TLS_AES_256_GCM_SHA384", "1.3"},
                                           suite{"TLS_CHACHA20_POLY1305_SHA256", "1.3"},
                                           suite{"ECDHE-ECDSA-AES128-GCM-SHA256", "1.2"},
                                           suite{"ECDHE-ECDSA-AES256-GCM-SHA384", "1.2"},
                                           suite{"ECDHE-ECDSA-CHACHA20-POLY1305", "1.2"},
                                           suite{"ECDHE-RSA-AES128-GCM-SHA256", "1.2", true},
                                           suite{"DHE-RSA-AES256-GCM-SHA384", "1.2", true},
                                           suite{"DHE-RSA-CHACHA20-POLY1305", "1.2", true},
                                           suite{"ECDHE-ECDSA-AES128-SHA256", "1.2"}),
                         [](const auto& of) {
                           std::string out = of.param.name;
                           std::ranges::replace(out, '-', '_');
                           return out;
                         });

TEST_P(TlsRecords, PassDataOfAllSizesBothWays) {
  const auto pair = established();
  ASSERT_EQ(pair->server->info().cipher, GetParam().name);
  for (const std::size_t size : {1, 2, 15, 16, 17, 1000, 16383, 16384, 16385, 32768, 66'000, 200'000}) {
    const std::string text = random_bytes(size);
    EXPECT_TRUE(pass(*pair->server, *pair->client, text) == text) << size;
    EXPECT_TRUE(pass(*pair->client, *pair->server, text) == text) << size;
  }
}

TEST_P(TlsRecords, AreReceivedInAnySizes) {
  const auto pair = established();
  const std::string text = random_bytes(40'000);
  for (const std::size_t size : {1, 7, 16384, 20'000, 60'000}) {
    ASSERT_EQ(send(*pair->client, text), 40'000);
    std::string got;
    std::string part(size, '\0');
    do {
      const std::int64_t n = pair->server->receive(part);
      if (n == -EAGAIN)
        break;
      ASSERT_GT(n, 0);
      got.append(part, 0, static_cast<std::size_t>(n));
    } while (pair->server->has_pending());
    EXPECT_TRUE(got == text) << size;
    EXPECT_EQ(receive_nothing(*pair->server), -EAGAIN);
  }
}

TEST_P(TlsRecords, WhatComesWhileOthersAreKeptIsNotForgotten) {
  const auto pair = established();
  std::array<char, 3> part;
  send(*pair->client, "one");
  send(*pair->client, "two");
  EXPECT_EQ(pair->server->receive(part), 3);
  EXPECT_TRUE(pair->server->has_pending());
  send(*pair->client, "new"); // its event comes before the next call
  EXPECT_EQ(pair->server->receive(part), 3);
  EXPECT_TRUE(pair->server->has_pending());
  EXPECT_EQ(receive(*pair->server), "new");
}

TEST_P(TlsRecords, GoodbyeBehindDataIsToldAfterIt) {
  const auto pair = established();
  send(*pair->client, "last words");
  pair->client->say_goodbye();
  std::array<char, 100> part;
  EXPECT_EQ(pair->server->receive(part), 10);
  EXPECT_TRUE(pair->server->has_pending()); // no event tells of it
  EXPECT_EQ(pair->server->receive(part), 0);
  EXPECT_FALSE(pair->server->has_pending());
}

TEST_P(TlsRecords, ADamagedOneBehindDataIsToldAfterIt) {
  const auto pair = established();
  send(*pair->client, "good");
  const std::string forged = std::string("\x17\x03\x03\x00\x30", 5) + random_bytes(48);
  ASSERT_EQ(::write(pair->sockets[1], forged.data(), forged.size()), 53);
  std::array<char, 100> part;
  EXPECT_EQ(pair->server->receive(part), 4);
  EXPECT_TRUE(pair->server->has_pending());
  EXPECT_EQ(pair->server->receive(part), -EPROTO);
  EXPECT_FALSE(pair->server->has_pending());
  EXPECT_EQ(receive_nothing(*pair->client), -EPROTO);
  EXPECT_THAT(pair->client->failure(), HasSubstr("the peer refused: bad record mac"));
}

TEST_P(TlsRecords, CutAnywhereAreWaitedFor) {
  const auto pair = established();
  const std::string text = random_bytes(300);
  send(*pair->client, text);
  std::string record(1000, '\0');
  // what the client has sent is given to the server in two parts
  const auto size = ::recv(pair->sockets[0], record.data(), record.size(), 0);
  ASSERT_GT(size, 300);
  record.resize(static_cast<std::size_t>(size));
  std::array<char, 1000> part;
  for (std::size_t i = 0; i < record.size() - 1; ++i) {
    ASSERT_EQ(::write(pair->sockets[1], &record[i], 1), 1);
    ASSERT_EQ(pair->server->receive(part), -EAGAIN);
    ASSERT_FALSE(pair->server->has_pending());
  }
  ASSERT_EQ(::write(pair->sockets[1], &record.back(), 1), 1);
  EXPECT_EQ(pair->server->receive(part), 300);
  EXPECT_EQ(std::string_view(part.data(), 300), text);
}

class TlsRecordsOf13 : public tls_fixture {};

TEST_F(TlsRecordsOf13, rfc8446_4_6_3_KeysChangeAmongMuchDataOnBothSides) {
  const auto by = server();
  openssl_peer peer(*by);
  ASSERT_TRUE(peer.handshake());
  const std::string text = random_bytes(50'000);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(peer.write(text));
    ASSERT_TRUE(peer.update_keys());
    ASSERT_TRUE(peer.write("behind"));
    ASSERT_TRUE(receive(peer.session()) == text + "behind");
    ASSERT_EQ(send(peer.session(), text), 50'000);
    ASSERT_TRUE(peer.read() == text);
  }
}

TEST_F(TlsRecordsOf13, rfc8446_5_1_AnUnprotectedRecordEndsTheConnection) {
  const auto pair = established();
  ASSERT_EQ(::write(pair->sockets[1], "\x14\x03\x03\x00\x01\x01", 6), 6);
  EXPECT_EQ(receive_nothing(*pair->server), -EPROTO);
  EXPECT_EQ(pair->server->failure(), "a record that is not protected");
  EXPECT_EQ(receive_nothing(*pair->client), -EPROTO);
  EXPECT_EQ(pair->client->failure(), "the peer refused: unexpected_message");
}

TEST_F(TlsRecordsOf13, rfc8446_5_2_ARecordThatIsTooLongEndsTheConnection) {
  const auto pair = established();
  ASSERT_EQ(::write(pair->sockets[1], "\x17\x03\x03\x41\x01", 5), 5);
  EXPECT_EQ(receive_nothing(*pair->server), -EPROTO);
  EXPECT_EQ(pair->server->failure(), "a record is too long");
}

TEST_F(TlsRecordsOf13, RecordsArePaddedAsTheClientLikes) {
  const auto by = server();
  openssl_peer peer(*by);
  ::SSL_set_block_padding(peer.ssl(), 512);
  ASSERT_TRUE(peer.handshake());
  ASSERT_TRUE(peer.write("padded"));
  EXPECT_EQ(receive(peer.session()), "padded");
}

TEST_F(TlsRecordsOf13, DataInTheFlightOfTheHandshakesEndAreReceived) {
  const auto by = server();
  openssl_peer peer(*by);
  ::ERR_clear_error();
  while (::SSL_do_handshake(peer.ssl()) != 1)
    ASSERT_NE(peer.session().handshake(), session::step::failed);
  ASSERT_TRUE(peer.write("early bird")); // before the server has read the client's Finished
  ASSERT_EQ(peer.session().handshake(), session::step::done);
  EXPECT_TRUE(peer.session().has_pending());
  EXPECT_EQ(receive(peer.session()), "early bird");
}

} // namespace
} // namespace perron::runtime::tls
