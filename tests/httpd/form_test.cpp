// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/form.hpp>

#include "httpd/server_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace perron::testing {
namespace {

using ::testing::HasSubstr;

TEST(whatwg_url_5_2, form_is_encoded) {
  EXPECT_EQ(httpd::to_form({{"q", "a b&c=d"}, {"\xc3\xa4", "~*-._"}, {"", ""}}),
            "q=a+b%26c%3Dd&%C3%A4=%7E*-._&=");
  std::string target = "/search?";
  httpd::append_form_field(target, "q", "1+1");
  httpd::append_form_field(target, "page", "2");
  EXPECT_EQ(target, "/search?q=1%2B1&page=2");
}

TEST(whatwg_url_5_1, what_is_encoded_is_decoded) {
  std::string all;
  for (int i = 1; i < 0x80; ++i)
    all += static_cast<char>(i);
  const auto form = httpd::to_form({{all, all}});
  EXPECT_EQ(httpd::query_view(form).get(all), all);
}

class form_over_http : public server_fixture {
protected:
  answer post(std::string_view type, std::string_view body) {
    httpd::router r;
    r.post("/form", [](httpd::request& q) {
      const auto form = httpd::form_body(q);
      return httpd::text(form.get("name").value_or("(none)") + '/' + form.get("age").value_or("(none)"));
    });
    serve(std::move(r));
    return client().ask("POST /form HTTP/1.1\r\nHost: test\r\nContent-Type: " + std::string(type) +
                        "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                        std::string(body));
  }
};

TEST_F(form_over_http, fields_are_found) {
  EXPECT_EQ(post("application/x-www-form-urlencoded", "name=J%C3%BCrgen+M&age=").body, "J\xc3\xbcrgen M/");
}

TEST_F(form_over_http, other_type_is_415) { EXPECT_EQ(post("text/plain", "name=a").status, 415); }

TEST_F(form_over_http, bad_encoding_is_400) {
  const auto bad = post("application/x-www-form-urlencoded; charset=UTF-8", "name=%zz");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("bad percent escape at byte 5 of the form"));
}

} // namespace
} // namespace perron::testing
