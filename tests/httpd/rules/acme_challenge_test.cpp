// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/acme_challenge.hpp>

#include "httpd/rules/temporary_folder.hpp"

#include <perron/httpd/rules/secure_redirect.hpp>
#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace perron::testing {
namespace {

using namespace httpd;

class rfc8555_8_3 : public ::testing::Test {
protected:
  void SetUp() override {
    folder.write("Abc-_9", "Abc-_9.thumbprint");
    folder.write("large", std::string(4097, 'x'));
    folder.write(".hidden", "x");
    folder.write("a.txt", "x");
    std::filesystem::create_directory(folder.file("folder"));
    std::filesystem::create_symlink("/etc/passwd", folder.file("outside"));
    router r;
    r.use(acme_challenge(folder.path()));
    r.use(secure_redirect());
    r.any("/*path", [](request&) { return text("in"); });
    client = test_client(std::move(r));
  }

  temporary_folder folder;
  test_client client{router()};
};

TEST_F(rfc8555_8_3, a_token_is_answered_before_the_redirect) {
  const auto a = client.get("/.well-known/acme-challenge/Abc-_9");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, "Abc-_9.thumbprint");
  EXPECT_EQ(a.header("Content-Type"), "text/plain");
  EXPECT_EQ(client.head("/.well-known/acme-challenge/Abc-_9").status, 200);
}

TEST_F(rfc8555_8_3, what_is_no_token_is_not_found) {
  for (const char* name : {"", "none", "a.txt", ".hidden", "folder", "folder/", "outside", "large", "Abc-_9/",
                           "..%2Facme", "%2e%2e", "Abc-_9%00", "a%20b"}) {
    const auto a = client.get("/.well-known/acme-challenge/" + std::string(name));
    EXPECT_TRUE(a.status == 404 || a.status == 400 || a.status == 308) << name << ' ' << a.status;
    EXPECT_NE(a.status, 200) << name;
  }
  EXPECT_EQ(client.get("/.well-known/acme-challenge/none").status, 404);
  EXPECT_EQ(client.get("/.well-known/acme-challenge/outside").status, 404);
}

TEST_F(rfc8555_8_3, everything_else_goes_on) {
  EXPECT_EQ(client.get("/.well-known/acme-challenge").status, 308);
  EXPECT_EQ(client.get("/x").status, 308);
  EXPECT_EQ(client.post("/.well-known/acme-challenge/Abc-_9", "a/b", "").status, 308);
}

TEST_F(rfc8555_8_3, there_must_be_a_folder) {
  EXPECT_THROW(acme_challenge(folder.file("none")), std::system_error);
}

} // namespace
} // namespace perron::testing
