// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/accept.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;

constexpr std::string_view nothing = "(none)";

class fields {
public:
  fields(std::string_view name, std::initializer_list<std::string_view> values) {
    for (const auto value : values)
      all_.push_back({name, value});
  }
  operator header_view() const { return header_view(all_); }

private:
  std::vector<header_field> all_;
};

std::string_view type(std::string_view accept, std::initializer_list<std::string_view> offered) {
  return best_type(fields("accept", {accept}), offered).value_or(nothing);
}
std::string_view language(std::string_view accept, std::initializer_list<std::string_view> offered) {
  return best_language(fields("Accept-Language", {accept}), offered).value_or(nothing);
}
std::string_view encoding(std::string_view accept, std::initializer_list<std::string_view> offered) {
  return best_encoding(fields("Accept-Encoding", {accept}), offered).value_or(nothing);
}

TEST(rfc9110_12_4_2, weights_rank_and_zero_refuses) {
  EXPECT_EQ(type("a/b;q=0.2, a/c;q=0.3", {"a/b", "a/c"}), "a/c");
  EXPECT_EQ(type("a/b;q=0.200, a/c;q=0.201", {"a/b", "a/c"}), "a/c");
  EXPECT_EQ(type("a/b;q=0, */*", {"a/b"}), nothing);
  EXPECT_EQ(type("a/b;q=0, */*;q=0.1", {"a/b", "a/c"}), "a/c");
  EXPECT_EQ(type("a/b;Q=0.1, a/c;q=1.000", {"a/b", "a/c"}), "a/c");
}

TEST(rfc9110_12_4_2, malformed_elements_are_skipped) {
  EXPECT_EQ(type("a/b;q=2, a/c;q=0.1", {"a/b", "a/c"}), "a/c");
  EXPECT_EQ(type("a/b;q=1.001, a/c", {"a/b", "a/c"}), "a/c");
  EXPECT_EQ(type("a/b;q=0.1234, a/c", {"a/b", "a/c"}), "a/c");
  EXPECT_EQ(type("a/b;q=-1, a/c", {"a/b", "a/c"}), "a/c");
  EXPECT_EQ(type("a/b;q=, nonsense, a/c", {"a/b", "a/c"}), "a/c");
  EXPECT_EQ(type("nonsense", {"a/b", "a/c"}), "a/b");
  EXPECT_EQ(type("", {"a/b", "a/c"}), "a/b");
}

TEST(rfc9110_12_5_1, without_the_field_anything_is_acceptable) {
  EXPECT_EQ(best_type(header_view(), {"a/b", "a/c"}), "a/b");
  EXPECT_FALSE(best_type(header_view(), {}));
}

TEST(rfc9110_12_5_1, most_specific_range_has_precedence) {
  EXPECT_EQ(type("text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, "
                 "*/*;q=0.5",
                 {"text/plain;format=fixed", "image/jpeg", "text/html"}),
            "image/jpeg");
  EXPECT_EQ(type("text/*, text/plain, text/plain;format=flowed, */*", {"text/html"}), "text/html");
  EXPECT_EQ(type("text/plain;format=flowed, text/plain;q=0.7", {"text/plain", "text/plain;format=flowed"}),
            "text/plain;format=flowed");
  EXPECT_EQ(type("text/html;level=1", {"text/html"}), nothing);
  EXPECT_EQ(type("text/html;level=\"1\"", {"text/html;level=1"}), "text/html;level=1");
}

TEST(rfc9110_12_5_1, nothing_that_is_liked_is_offered) {
  EXPECT_EQ(type("image/png", {"text/html", "application/json"}), nothing);
  EXPECT_EQ(type("image/*", {"text/html"}), nothing);
}

TEST(rfc9110_12_5_1, what_a_browser_sends_gets_html) {
  EXPECT_EQ(type("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
                 {"application/json", "text/html"}),
            "text/html");
  EXPECT_EQ(type("*/*", {"application/json", "text/html"}), "application/json");
}

TEST(rfc9110_5_3, several_fields_are_one_list) {
  const fields both("Accept", {"a/b;q=0.1", "a/c"});
  EXPECT_EQ(best_type(both, {"a/b", "a/c"}), "a/c");
}

TEST(rfc9110_12_5_4, languages_are_matched_by_prefix) {
  EXPECT_EQ(language("da, en-gb;q=0.8, en;q=0.7", {"en", "en-GB"}), "en-GB");
  EXPECT_EQ(language("da, en-gb;q=0.8, en;q=0.7", {"en-US", "da"}), "da");
  EXPECT_EQ(language("en", {"enx", "en-AU"}), "en-AU");
  EXPECT_EQ(language("en;q=0, *", {"en-US", "fr"}), "fr");
  EXPECT_EQ(best_language(header_view(), {"de", "en"}), "de");
}

TEST(rfc4647_3_4, range_is_shortened_where_nothing_else_matches) {
  EXPECT_EQ(language("de-CH", {"en", "de"}), "de");
  EXPECT_EQ(language("de-CH, en", {"en", "de"}), "en");
  EXPECT_EQ(language("de-CH, de;q=0", {"en", "de"}), nothing);
  EXPECT_EQ(language("fr", {"en", "de"}), nothing);
}

TEST(rfc9110_12_5_3, codings_are_chosen_in_the_order_offered) {
  EXPECT_EQ(encoding("gzip, deflate, br", {"br", "gzip"}), "br");
  EXPECT_EQ(encoding("gzip;q=1.0, br;q=0.5", {"br", "gzip"}), "gzip");
  EXPECT_EQ(encoding("x-gzip", {"br", "gzip"}), "gzip");
  EXPECT_EQ(encoding("*", {"br", "gzip"}), "br");
  EXPECT_EQ(encoding("br;q=0, *", {"br", "gzip"}), "gzip");
}

TEST(rfc9110_12_5_3, identity_is_acceptable_unless_refused) {
  EXPECT_EQ(best_encoding(header_view(), {"br"}), "identity");
  EXPECT_EQ(encoding("", {"br"}), "identity");
  EXPECT_EQ(encoding("compress", {"br"}), "identity");
  EXPECT_EQ(encoding("gzip;q=0.5, identity", {"gzip"}), "identity");
  EXPECT_EQ(encoding("gzip, identity", {"gzip"}), "gzip");
  EXPECT_EQ(encoding("gzip, *;q=0.5", {"gzip"}), "gzip");
  EXPECT_EQ(encoding("identity;q=0", {"gzip"}), nothing);
  EXPECT_EQ(encoding("*;q=0", {"gzip"}), nothing);
  EXPECT_EQ(encoding("*;q=0, identity;q=0.1", {"gzip"}), "identity");
}

} // namespace
