// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/server_context.hpp>

#include "runtime/tls/sessions.hpp"

#include <gmock/gmock.h>

namespace perron::runtime::tls {
namespace {

using namespace perron::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ServerContext : public tls_fixture {
protected:
  std::string error_of_making() {
    const auto made = server_context::make(server_options_);
    return made ? "it was made" : made.error().text;
  }

  /// A certificate for these names, told apart by its common name.
  certificate_files issue(const std::string& common_name, std::vector<std::string> names, bool rsa = false) {
    certificate_plan plan;
    plan.common_name = common_name;
    plan.names = std::move(names);
    plan.rsa = rsa;
    return files(authority_.issue(common_name, plan));
  }

  /// The subject of the certificate that a client is shown who asks for this name; empty name: for none.
  std::string shown(server_context& by, const std::string& name) {
    client_options_.verify = false;
    session_pair pair(by, *client(), name);
    EXPECT_TRUE(pair.handshake()) << pair.client->failure();
    return pair.client->info().peer->subject;
  }
};

// -- errors

TEST_F(ServerContext, NamesTheFileThatIsNotThere) {
  server_options_.certificates[0].certificate = "/nowhere/site.pem";
  EXPECT_EQ(error_of_making(), "/nowhere/site.pem: No such file or directory");
  server_options_.certificates[0] = {paths_.certificate, "/nowhere/site.key", {}};
  EXPECT_EQ(error_of_making(), "/nowhere/site.key: No such file or directory");
}

TEST_F(ServerContext, NamesTheFileThatHoldsSomethingElse) {
  const std::string other = authority_.write("other", "not PEM\n");
  server_options_.certificates[0].certificate = other;
  EXPECT_EQ(error_of_making(), other + ": no certificate in it");
  server_options_.certificates[0] = {paths_.certificate, other, {}};
  EXPECT_EQ(error_of_making(), other + ": no private key in it");
  const std::string broken =
      authority_.write("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  server_options_.certificates[0] = {broken, paths_.key, {}};
  EXPECT_THAT(error_of_making(), HasSubstr(broken + ": the certificate cannot be read ("));
}

TEST_F(ServerContext, SaysThatAKeyBelongsToAnother) {
  const auto other = authority_.issue("other");
  server_options_.certificates[0].key = other.key;
  EXPECT_EQ(error_of_making(), other.key + " is not the key of the certificate in " + paths_.certificate);
}

TEST_F(ServerContext, AsksNobodyForAPassword) {
  const std::string locked = authority_.lock(paths_);
  server_options_.certificates[0].key = locked;
  EXPECT_EQ(error_of_making(), locked + ": the key has a password: store it without one");
}

TEST_F(ServerContext, RefusesRulesThatMeanNothing) {
  const server_options good = server_options_;
  server_options_.ciphers = "NONSENSE";
  EXPECT_EQ(error_of_making(), "ciphers: no cipher match");
  server_options_ = good;
  server_options_.ciphersuites = "NONSENSE";
  EXPECT_EQ(error_of_making(), "ciphersuites: no cipher match");
  server_options_ = good;
  server_options_.curves = "X25519:NONSENSE";
  EXPECT_EQ(error_of_making(), "curves: no list of curves that are known here: \"X25519:NONSENSE\"");
  server_options_ = good;
  server_options_.min_version = "1.1";
  EXPECT_EQ(error_of_making(), "min_version: \"1.1\" is neither \"1.2\" nor \"1.3\"");
  server_options_ = good;
  server_options_.alpn = {""};
  EXPECT_EQ(error_of_making(), "alpn: a protocol's name has 1 to 255 bytes");
  server_options_ = good;
  server_options_.ticket_lifetime = std::chrono::hours(24 * 8);
  EXPECT_EQ(error_of_making(), "ticket_lifetime: must be from 0 to 7 days (RFC 8446 4.6.1)");
  server_options_ = good;
  server_options_.client = client_certificates::required;
  EXPECT_EQ(error_of_making(), "client_ca: needed if clients are asked for certificates");
  server_options_.client_ca = paths_.key;
  EXPECT_EQ(error_of_making(), paths_.key + ": no certificate in it");
  server_options_.certificates.clear();
  EXPECT_EQ(error_of_making(), "certificates: at least one is needed");
}

TEST_F(ServerContext, AKeyMayStandInTheCertificatesFile) {
  const std::string both = authority_.join("both", {paths_.key, paths_.certificate});
  server_options_.certificates = {{both, {}, {}}};
  EXPECT_EQ(shown(*server(), "localhost"), "CN=localhost");
}

TEST_F(ServerContext, TheChainIsShownWithTheCertificate) {
  // the client knows the root; what leads there comes from the server
  const std::string chain = authority_.join("chain", {paths_.certificate, authority_.certificate()});
  server_options_.certificates = {{chain, paths_.key, {}}};
  session_pair pair(*server(), *client());
  EXPECT_TRUE(pair.handshake());
}

TEST_F(ServerContext, WarnsOfWhatIsOutOfDate) {
  certificate_plan old;
  old.until = std::chrono::seconds(-60);
  const auto expired = authority_.issue("expired", old);
  server_options_.certificates.push_back(files(expired));
  EXPECT_THAT(server()->warnings(), ElementsAre(expired.certificate + ": the certificate has expired"));
}

// -- which certificate

TEST_F(ServerContext, rfc6066_3_TheNameThatIsAskedForChoosesTheCertificate) {
  server_options_.certificates = {issue("first", {"first.example"}),
                                  issue("exact", {"www.example.org", "example.org"}),
                                  issue("wild", {"*.example.org"})};
  const auto by = server();
  EXPECT_EQ(shown(*by, "first.example"), "CN=first");
  EXPECT_EQ(shown(*by, "example.org"), "CN=exact");
  EXPECT_EQ(shown(*by, "www.example.org"), "CN=exact");
  EXPECT_EQ(shown(*by, "WWW.Example.ORG"), "CN=exact");
  EXPECT_EQ(shown(*by, "other.example.org"), "CN=wild");
  EXPECT_EQ(shown(*by, "deep.other.example.org"), "CN=first"); // a wildcard is one label
  EXPECT_EQ(shown(*by, "unknown.example"), "CN=first");
  EXPECT_EQ(shown(*by, ""), "CN=first");
}

TEST_F(ServerContext, AnOldCertificateIsForItsCommonName) {
  server_options_.certificates.push_back(issue("old.example", {}));
  EXPECT_EQ(shown(*server(), "old.example"), "CN=old.example");
}

TEST_F(ServerContext, OfTwoForOneNameTheClientsKindOfKeyChooses) {
  server_options_.certificates = {issue("first", {"first.example"}), issue("ec", {"example.org"}),
                                  issue("rsa", {"example.org"}, true)};
  const auto by = server();
  client_options_.max_version = "1.2";
  client_options_.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
  EXPECT_EQ(shown(*by, "example.org"), "CN=rsa");
  client_options_.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  EXPECT_EQ(shown(*by, "example.org"), "CN=ec");
  EXPECT_EQ(shown(*by, "first.example"), "CN=first");
}

TEST_F(ServerContext, AWildcardsOtherKindOfKeyServesAnExactNameToo) {
  server_options_.certificates = {issue("ec", {"www.example.org"}), issue("rsa", {"*.example.org"}, true)};
  client_options_.max_version = "1.2";
  client_options_.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
  EXPECT_EQ(shown(*server(), "www.example.org"), "CN=rsa");
}

// -- what is spoken

TEST_F(ServerContext, rfc7301_3_2_OursIsTheOrderOfProtocols) {
  server_options_.alpn = {"h2", "http/1.1"};
  client_options_.alpn = {"http/1.1", "h2"};
  EXPECT_EQ(established()->server->info().alpn, "h2");
}

TEST_F(ServerContext, rfc7301_3_2_AClientWithOtherProtocolsIsRefused) {
  client_options_.alpn = {"imap"};
  session_pair pair(*server(), *client());
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.client->failure(), "the peer refused: no application protocol");
}

TEST_F(ServerContext, AClientWithoutProtocolsIsWelcome) { EXPECT_EQ(established()->server->info().alpn, ""); }

TEST_F(ServerContext, SpeaksBothVersionsButNoOlder) {
  client_options_.max_version = "1.2";
  {
    const auto pair = established();
    EXPECT_EQ(pair->server->info().version, "TLSv1.2");
    EXPECT_EQ(pair->server->info().cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
    EXPECT_EQ(pass(*pair->client, *pair->server, "text"), "text");
  }
  server_options_.min_version = "1.3";
  session_pair pair(*server(), *client());
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server->failure(), "unsupported protocol");
}

TEST_F(ServerContext, FiniteFieldsAreForClientsWithoutCurves) {
  server_options_.certificates = {issue("rsa", {"localhost"}, true)};
  client_options_.max_version = "1.2";
  client_options_.ciphers = "DHE-RSA-AES256-GCM-SHA384";
  EXPECT_EQ(established()->server->info().cipher, "DHE-RSA-AES256-GCM-SHA384");
}

TEST_F(ServerContext, TheServersOrderOfCiphersCountsUnlessAskedOtherwise) {
  client_options_.max_version = "1.2";
  client_options_.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256";
  EXPECT_EQ(established()->server->info().cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
  client_options_.ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256";
  EXPECT_EQ(established()->server->info().cipher, "ECDHE-ECDSA-CHACHA20-POLY1305");
  client_options_.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256";
  server_options_.prefers_own_order = false;
  EXPECT_EQ(established()->server->info().cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
}

// -- reload

TEST_F(ServerContext, AReloadIsForLaterSessions) {
  const auto by = server();
  session_pair before(*by, *client());
  certificate_plan plan;
  plan.common_name = "renewed";
  authority_.issue("server", plan);
  ASSERT_TRUE(by->reload());
  session_pair after(*by, *client());
  EXPECT_TRUE(after.handshake());
  EXPECT_EQ(after.client->info().peer->subject, "CN=renewed");
  EXPECT_TRUE(before.handshake());
  EXPECT_EQ(before.client->info().peer->subject, "CN=localhost");
}

TEST_F(ServerContext, AReloadThatFailsChangesNothing) {
  const auto by = server();
  authority_.write("server.pem", "half a fi");
  const auto done = by->reload();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().text, paths_.certificate + ": no certificate in it");
  EXPECT_EQ(shown(*by, "localhost"), "CN=localhost");
}

} // namespace
} // namespace perron::runtime::tls
