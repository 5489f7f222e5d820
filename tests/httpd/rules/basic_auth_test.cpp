// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/basic_auth.hpp>

#include <perron/httpd/rules/cors.hpp>
#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace perron::httpd;

bool knows(std::string_view user, std::string_view password) {
  return (user == "Aladdin" && password == "open sesame") || (user == "test" && password == "123\xc2\xa3") ||
         (user == "colon" && password == "a:b");
}

test_client serve(basic_auth_options options) {
  router r;
  r.use(basic_auth(std::move(options)));
  r.get("/", [](request& q) { return text(q.local<authenticated_user>().name); });
  return test_client(std::move(r));
}

test_answer ask(test_client& client, std::string field) {
  return client.get("/", {{"Authorization", std::move(field)}});
}

TEST(rfc7617_2, name_and_password_are_asked_for) {
  auto client = serve({.realm = "WallyWorld", .verify = knows});
  const auto none = client.get("/");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.header("WWW-Authenticate"), "Basic realm=\"WallyWorld\", charset=\"UTF-8\"");
  const auto good = ask(client, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.body, "Aladdin");
  EXPECT_EQ(good.header("WWW-Authenticate"), "");
  EXPECT_EQ(ask(client, "bAsIc  QWxhZGRpbjpvcGVuIHNlc2FtZQ==").status, 200);
  EXPECT_EQ(ask(client, "Basic Y29sb246YTpi").body, "colon") << "a password may have a colon";
}

TEST(rfc7617_2_1, passwords_are_utf_8) {
  auto client = serve({.verify = knows});
  EXPECT_EQ(ask(client, "Basic dGVzdDoxMjPCow==").body, "test");
}

TEST(rfc7617_2, what_is_wrong_or_malformed_is_401) {
  auto client = serve({.verify = knows});
  for (const char* field : {"", "Basic", "Basic ", "Basic QWxhZGRpbjpvcGVu",
                            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==x",
                            "Basic !!!!", "Basic QWxhZGRpbg==", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQA=", "Digest username=\"Aladdin\""}) {
    const auto a = ask(client, field);
    EXPECT_EQ(a.status, 401) << field;
    EXPECT_NE(a.header("WWW-Authenticate"), "") << field;
  }
  const auto twice = client.get("/", {{"Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
                                      {"Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}});
  EXPECT_EQ(twice.status, 401);
}

TEST(rfc9110_5_6_4, a_realm_is_a_quoted_string) {
  auto client = serve({.realm = "a \"b\" \\ c", .verify = knows});
  EXPECT_EQ(client.get("/").header("WWW-Authenticate"),
            "Basic realm=\"a \\\"b\\\" \\\\ c\", charset=\"UTF-8\"");
  EXPECT_FALSE(check(basic_auth_options{.realm = "a\r\nX: b", .verify = knows}));
}

TEST(basic_auth, users_may_come_from_a_file_and_some_of_them_alone) {
  const auto users = htpasswd::of("alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"
                                  "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
                         .value();
  auto all = serve({.users = users});
  EXPECT_EQ(ask(all, "Basic YWxpY2U6c2VjcmV0").body, "alice");
  EXPECT_EQ(ask(all, "Basic Ym9iOnNlY3JldA==").body, "bob");
  auto some = serve({.users = users, .only = {"bob"}});
  EXPECT_EQ(ask(some, "Basic YWxpY2U6c2VjcmV0").status, 401);
  EXPECT_EQ(ask(some, "Basic Ym9iOnNlY3JldA==").body, "bob");
}

TEST(basic_auth, preflights_pass_before_it) {
  router r;
  r.use(cors({.origins = {"https://app.example.org"}}));
  r.use(basic_auth({.verify = knows}));
  r.get("/", [](request&) { return text("in"); });
  test_client client(std::move(r));
  const auto a = client.send(
      {.method = "OPTIONS",
       .headers = {{"Origin", "https://app.example.org"}, {"Access-Control-Request-Method", "GET"}}});
  EXPECT_EQ(a.status, 204);
  const auto refused = client.get("/", {{"Origin", "https://app.example.org"}});
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("Access-Control-Allow-Origin"), "https://app.example.org");
}

TEST(basic_auth, bad_options_are_refused) {
  EXPECT_FALSE(check(basic_auth_options{}));
  EXPECT_FALSE(check(basic_auth_options{.users = htpasswd::of("").value(), .verify = knows}));
  EXPECT_THROW(basic_auth({}), std::invalid_argument);
}

} // namespace
