// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/tls/sessions.hpp"

namespace perron::runtime::tls {
namespace {

using namespace perron::testing;

/// In both versions of the protocol.
class TlsResumption : public tls_fixture, public ::testing::WithParamInterface<const char*> {
protected:
  TlsResumption() { client_options_.max_version = GetParam(); }

  /// Whether a new session between them is a resumed one.
  static bool resumes(const server_context& s, const client_context& c,
                      const std::string& name = "localhost") {
    session_pair pair(s, c, name);
    EXPECT_TRUE(pair.handshake()) << pair.server->failure() << " | " << pair.client->failure();
    EXPECT_EQ(pass(*pair.server, *pair.client, "text"), "text"); // tickets come with it
    EXPECT_EQ(pair.server->info().resumed, pair.client->info().resumed);
    return pair.server->info().resumed;
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, TlsResumption, ::testing::Values("1.2", "1.3"), [](const auto& version) {
  return std::string(version.param) == "1.2" ? "Tls12" : "Tls13";
});

TEST_P(TlsResumption, TheSecondSessionIsResumedAndSoAreThoseAfterIt) {
  const auto s = server();
  const auto c = client();
  EXPECT_FALSE(resumes(*s, *c));
  EXPECT_TRUE(resumes(*s, *c));
  EXPECT_TRUE(resumes(*s, *c));
}

TEST_P(TlsResumption, ATicketOutlivesTheChangeOfItsKey) {
  const auto s = server();
  const auto c = client();
  EXPECT_FALSE(resumes(*s, *c));
  s->change_ticket_key();
  EXPECT_TRUE(resumes(*s, *c));
  s->change_ticket_key();
  EXPECT_TRUE(resumes(*s, *c));
}

TEST_P(TlsResumption, ATicketOutlivesAReload) {
  const auto s = server();
  const auto c = client();
  EXPECT_FALSE(resumes(*s, *c));
  ASSERT_TRUE(s->reload());
  EXPECT_TRUE(resumes(*s, *c));
}

TEST_P(TlsResumption, ATicketWhoseKeyIsForgottenMeansAFullHandshake) {
  const auto c = client();
  EXPECT_FALSE(resumes(*server(), *c));
  EXPECT_FALSE(resumes(*server(), *c)); // another server
}

TEST_P(TlsResumption, WithoutTicketsNothingIsResumed) {
  server_options_.ticket_lifetime = std::chrono::seconds(0);
  const auto s = server();
  const auto c = client();
  EXPECT_FALSE(resumes(*s, *c));
  EXPECT_FALSE(resumes(*s, *c));
}

TEST_P(TlsResumption, ANameWithACertificateOfItsOwnIsResumedToo) {
  certificate_plan plan;
  plan.common_name = "other";
  plan.names = {"other.example"};
  server_options_.certificates.push_back(files(authority_.issue("other", plan)));
  const auto s = server();
  const auto c = client();
  EXPECT_FALSE(resumes(*s, *c, "other.example"));
  EXPECT_TRUE(resumes(*s, *c, "other.example"));
  EXPECT_FALSE(resumes(*s, *c, "localhost"));
}

// -- client certificates

TEST_P(TlsResumption, AResumedSessionKnowsTheClientsCertificate) {
  server_options_.client = client_certificates::required;
  server_options_.client_ca = authority_.certificate();
  certificate_plan plan;
  plan.common_name = "ann";
  client_options_.own = files(authority_.issue("ann", plan));
  const auto s = server();
  const auto c = client();
  EXPECT_FALSE(resumes(*s, *c));
  session_pair pair(*s, *c);
  EXPECT_TRUE(pair.handshake());
  EXPECT_TRUE(pair.server->info().resumed);
  ASSERT_NE(pair.server->info().peer, nullptr);
  EXPECT_EQ(pair.server->info().peer->subject, "CN=ann");
  EXPECT_TRUE(pair.server->info().peer->verified);
}

TEST_P(TlsResumption, ATicketIsNoWayRoundNewRulesForClientCertificates) {
  server_options_.client = client_certificates::required;
  server_options_.client_ca = authority_.join("ca.pem", {authority_.certificate()});
  client_options_.own = files(authority_.issue("ann"));
  const auto s = server();
  const auto c = client();
  EXPECT_FALSE(resumes(*s, *c));
  const test_authority other("Another");
  authority_.join("ca.pem", {authority_.certificate(), other.certificate()});
  ASSERT_TRUE(s->reload());
  EXPECT_FALSE(resumes(*s, *c));
}

} // namespace
} // namespace perron::runtime::tls
