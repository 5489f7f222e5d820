// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/redirect.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;

std::string location(const response& r) {
  return r.headers.size() == 1 && r.headers[0].first == "Location" ? r.headers[0].second : "(none)";
}

TEST(rfc9110_15_4, redirect_has_a_location_and_a_note) {
  const response r = redirect("/rooms/7");
  EXPECT_EQ(r.status, 303);
  EXPECT_EQ(location(r), "/rooms/7");
  EXPECT_EQ(r.body, "See Other: /rooms/7\n");
  EXPECT_EQ(redirect("https://example.org/?a=b#c", status::permanent_redirect).status, 308);
  EXPECT_EQ(location(redirect("https://example.org/?a=b#c")), "https://example.org/?a=b#c");
}

TEST(redirect, other_codes_are_refused) {
  EXPECT_THROW(redirect("/", 200), std::invalid_argument);
  EXPECT_THROW(redirect("/", 304), std::invalid_argument);
  EXPECT_THROW(redirect("/", 300), std::invalid_argument);
}

TEST(rfc3986_2, what_no_uri_has_is_encoded) {
  EXPECT_EQ(to_uri_reference("/a b\r\nSet-Cookie: x"), "/a%20b%0D%0ASet-Cookie:%20x");
  EXPECT_EQ(to_uri_reference("/\xc3\xa4?q=\"<>\\^`{|}"), "/%C3%A4?q=%22%3C%3E%5C%5E%60%7B%7C%7D");
  EXPECT_EQ(to_uri_reference("/100%?a=%20%2g%"), "/100%25?a=%20%252g%25");
}

TEST(redirect, places_of_this_site_are_local) {
  for (const std::string_view reference : {"/", "/a", "/a//b", "/a\\b", "/?next=//evil.example", "/#x"})
    EXPECT_TRUE(is_local(reference)) << reference;
}

TEST(redirect, places_elsewhere_go_to_the_other_place) {
  for (const std::string_view reference :
       {"", "a", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "javascript:alert(1)", " /a", "/\t/evil.example", "/\n/evil.example", "?a", "#a"})
    EXPECT_EQ(location(redirect_here(reference, "/home")), "/home") << reference;
  EXPECT_EQ(location(redirect_here("/settings?tab=2")), "/settings?tab=2");
}

} // namespace
