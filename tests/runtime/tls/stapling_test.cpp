// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/tls/sessions.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

namespace perron::runtime::tls {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TlsStapling : public tls_fixture {
protected:
  TlsStapling() { client_options_.asks_for_ocsp = true; }

  /// What a client is given.
  std::string stapled(server_context& by) {
    session_pair pair(by, *client());
    EXPECT_TRUE(pair.handshake()) << pair.client->failure();
    return pair.client->stapled_ocsp();
  }

  std::string content(const std::string& path) {
    std::ifstream from(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(from), {}};
  }

  void staple(std::chrono::seconds from, std::chrono::seconds until) {
    server_options_.certificates[0].ocsp = authority_.ocsp("server", paths_, from, until);
  }
};

TEST_F(TlsStapling, rfc6066_8_WhatTheIssuerSaysIsShownToWhoAsks) {
  staple(-1h, 24h);
  const auto by = server();
  EXPECT_TRUE(stapled(*by) == content(server_options_.certificates[0].ocsp));
  client_options_.asks_for_ocsp = false;
  EXPECT_EQ(stapled(*by), "");
}

TEST_F(TlsStapling, WhatIsOutOfDateIsLeftOut) {
  staple(-48h, -24h);
  const auto by = server();
  EXPECT_EQ(stapled(*by), "");
  EXPECT_THAT(by->warnings(), ElementsAre(server_options_.certificates[0].ocsp +
                                          ": the OCSP response is out of date and not stapled"));
  staple(24h, 48h);
  ASSERT_TRUE(by->reload());
  EXPECT_EQ(stapled(*by), "");
  staple(-1h, 1h);
  ASSERT_TRUE(by->reload());
  EXPECT_NE(stapled(*by), "");
}

TEST_F(TlsStapling, ErrorsNameTheFile) {
  const std::string path = authority_.write("bad.ocsp", "no DER");
  server_options_.certificates[0].ocsp = path;
  EXPECT_THAT(server_context::make(server_options_).error().text,
              HasSubstr(path + ": not an OCSP response in DER"));
  const auto other = authority_.issue("other");
  server_options_.certificates[0].ocsp = authority_.ocsp("other", other, -1h, 1h);
  EXPECT_EQ(server_context::make(server_options_).error().text,
            server_options_.certificates[0].ocsp + ": the OCSP response is not for the certificate in " +
                paths_.certificate);
}

} // namespace
} // namespace perron::runtime::tls
