// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/typed.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;

/// Anything with headers() will do.
class message {
public:
  message(std::initializer_list<header_field> all) : all_(all) {}
  header_view headers() const { return header_view(all_); }

private:
  std::vector<header_field> all_;
};

struct shard {
  static constexpr std::string_view name = "X-Shard";
  static std::optional<std::uint64_t> parse(std::string_view value) { return parse_number(value); }
};

TEST(typed, field_is_a_value_of_its_type) {
  const message m{{"content-type", "text/csv; charset=utf-8"}, {"X-Shard", "7"}};
  const auto type = typed<field::content_type>(m);
  ASSERT_TRUE(type);
  EXPECT_TRUE(type->is("text/csv"));
  EXPECT_EQ(typed<shard>(m), 7U);
}

TEST(typed, missing_doubled_and_malformed_fields_are_none) {
  EXPECT_FALSE(typed<shard>(message{}));
  EXPECT_FALSE(typed<shard>(message{{"X-Shard", "7"}, {"x-shard", "7"}}));
  EXPECT_FALSE(typed<shard>(message{{"X-Shard", "seven"}}));
  EXPECT_FALSE(typed<field::content_type>(message{{"Content-Type", "text"}}));
}

TEST(rfc9110_8_6, numbers_are_digits_that_fit) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("18446744073709551615"), UINT64_MAX);
  for (const std::string_view text : {"", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616", "1.0"})
    EXPECT_FALSE(parse_number(text)) << text;
}

TEST(rfc9110_5_6_7, dates_of_fields) {
  const message m{{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"Date", "now"}};
  EXPECT_EQ(typed<field::if_modified_since>(m), http_time(std::chrono::seconds(784111777)));
  EXPECT_FALSE(typed<field::date>(m));
  EXPECT_FALSE(typed<field::if_unmodified_since>(m));
}

TEST(rfc9110_11_4, credentials_are_a_scheme_and_the_rest) {
  const auto bearer = field::authorization::parse("Bearer  mF_9.B5f-4.1JqM ");
  ASSERT_TRUE(bearer);
  EXPECT_TRUE(bearer->is("bearer"));
  EXPECT_EQ(bearer->rest, "mF_9.B5f-4.1JqM");
  EXPECT_EQ(field::authorization::parse("Negotiate")->rest, "");
  EXPECT_FALSE(field::authorization::parse(""));
  EXPECT_FALSE(field::authorization::parse("a,b c"));
}

TEST(rfc7617_2, basic_credentials_are_user_and_password) {
  const auto basic = [](std::string_view value) -> std::string {
    const auto c = field::authorization::parse(value);
    const auto both = c ? parse_basic(*c) : std::nullopt;
    return both ? both->user + " / " + both->password : "(none)";
  };
  EXPECT_EQ(basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin / open sesame");
  EXPECT_EQ(basic("basic dGVzdDoxMjPCow=="), "test / 123\xc2\xa3");
  EXPECT_EQ(basic("Basic YTo="), "a / ");
  EXPECT_EQ(basic("Basic YTpiOmM="), "a / b:c");
  for (const std::string_view bad :
       {"Bearer YTpi", "Basic", "Basic YTp", "Basic YTp=", "Basic YT=p", "Basic Y*pi",
        "Basic YWI=", "Basic YTo=YTo=", "Basic YTp1====", "Basic YTpi\x41", "Basic YQA6", "Basic YTr="})
    EXPECT_EQ(basic(bad), "(none)") << bad;
}

} // namespace
