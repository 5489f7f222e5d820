// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/tls/sessions.hpp"

#include <gmock/gmock.h>

namespace perron::runtime::tls {
namespace {

using namespace perron::testing;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class TlsClientCertificates : public tls_fixture {
protected:
  void ask(client_certificates how) {
    server_options_.client = how;
    server_options_.client_ca = authority_.certificate();
  }
};

TEST_F(TlsClientCertificates, NobodyIsAskedUnlessToldTo) {
  client_options_.own = files(authority_.issue("ann"));
  EXPECT_EQ(established()->server->info().peer, nullptr);
}

TEST_F(TlsClientCertificates, WhoIsRequiredToAndDoesNotIsRefused) {
  ask(client_certificates::required);
  session_pair pair(*server(), *client());
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server->failure(), "peer did not return a certificate");
  // in TLS 1.3 the client has done its part by then (RFC 8446 4.4.2.4)
  EXPECT_EQ(pair.client_step, session::step::done);
  EXPECT_EQ(receive_nothing(*pair.client), -EPROTO);
  EXPECT_EQ(pair.client->failure(), "the peer refused: unknown");
}

TEST_F(TlsClientCertificates, WhatIsShownCanBeSeen) {
  ask(client_certificates::required);
  certificate_plan plan;
  plan.common_name = "Ann \xC3\x84, O'Hara";
  client_options_.own = files(authority_.issue("ann", plan));
  const auto pair = established();
  ASSERT_NE(pair->server->info().peer, nullptr);
  const peer_certificate& shown = *pair->server->info().peer;
  EXPECT_EQ(shown.subject, "CN=Ann \xC3\x84\\, O'Hara");
  EXPECT_EQ(shown.issuer, "CN=Test Authority");
  EXPECT_THAT(shown.serial, MatchesRegex("[0-9A-F]+"));
  EXPECT_THAT(shown.fingerprint, MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(shown.fingerprint.size(), 64U);
  EXPECT_LT(shown.not_before, std::chrono::system_clock::now());
  EXPECT_GT(shown.not_after, std::chrono::system_clock::now());
  EXPECT_TRUE(shown.verified);
  EXPECT_EQ(shown.why_not, "");
  EXPECT_THAT(shown.pem, StartsWith("-----BEGIN CERTIFICATE-----\n"));
}

TEST_F(TlsClientCertificates, WhoIsRequiredToAndIsNotTrustedIsRefused) {
  ask(client_certificates::required);
  test_authority other("Another");
  client_options_.own = files(other.issue("eve"));
  session_pair pair(*server(), *client());
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server->failure(), "certificate verify failed: unable to get local issuer certificate");
}

TEST_F(TlsClientCertificates, WhoMayShowOneNeedNot) {
  ask(client_certificates::optional);
  EXPECT_EQ(established()->server->info().peer, nullptr);
}

TEST_F(TlsClientCertificates, WhoMayShowOneAndIsNotTrustedIsLetInAndToldApart) {
  ask(client_certificates::optional);
  test_authority other("Another");
  client_options_.own = files(other.issue("eve"));
  {
    const auto pair = established();
    ASSERT_NE(pair->server->info().peer, nullptr);
    EXPECT_FALSE(pair->server->info().peer->verified);
    EXPECT_EQ(pair->server->info().peer->why_not, "unable to verify the first certificate");
  }
  certificate_plan old;
  old.until = std::chrono::seconds(-60);
  client_options_.own = files(authority_.issue("old", old));
  {
    const auto pair = established();
    ASSERT_NE(pair->server->info().peer, nullptr);
    EXPECT_FALSE(pair->server->info().peer->verified);
    EXPECT_EQ(pair->server->info().peer->why_not, "certificate has expired");
  }
  client_options_.own = files(authority_.issue("ann"));
  EXPECT_TRUE(established()->server->info().peer->verified);
}

} // namespace
} // namespace perron::runtime::tls
