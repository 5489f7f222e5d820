// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/extension.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace perron::httpd::rfc6455 {
namespace {

constexpr deflate_options on{.on = true};
constexpr deflate_options generous{.on = true,
                                   .send_takeover = true,
                                   .receive_takeover = true,
                                   .send_window_bits = 15,
                                   .receive_window_bits = 15};

extensions_found offered(const std::vector<std::string>& values, const deflate_options& options) {
  std::vector<header_field> fields;
  fields.reserve(values.size());
  for (const std::string& value : values)
    fields.push_back({"Sec-WebSocket-Extensions", value});
  return negotiate(header_view(fields), options);
}
/// What is answered to one field; "-" if nothing is, "bad" if it is malformed.
std::string answer(const std::string& value, const deflate_options& options = generous) {
  const auto found = offered({value}, options);
  if (!found.well_formed)
    return "bad";
  return found.deflate ? found.deflate->field : "-";
}

TEST(extension, rfc7692_5_is_not_answered_unless_offered_and_switched_on) {
  EXPECT_FALSE(offered({}, on).deflate);
  EXPECT_EQ(answer("permessage-deflate", {}), "-");
  EXPECT_EQ(answer("permessage-bzip2"), "-");
  EXPECT_EQ(answer("permessage-deflate"), "permessage-deflate");
}

TEST(extension, defaults_ask_for_little_memory) {
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits", on),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "server_max_window_bits=12");
}

TEST(extension, rfc7692_7_1_1_1_server_no_context_takeover_is_granted) {
  EXPECT_EQ(answer("permessage-deflate; server_no_context_takeover"),
            "permessage-deflate; server_no_context_takeover");
}
TEST(extension, rfc7692_7_1_1_2_client_no_context_takeover_is_confirmed) {
  EXPECT_EQ(answer("permessage-deflate; client_no_context_takeover"),
            "permessage-deflate; client_no_context_takeover");
}
TEST(extension, rfc7692_7_1_2_1_server_window_is_at_most_what_is_asked_for) {
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=10"),
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=15", on),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "server_max_window_bits=12");
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=8"), "-") << "zlib has no such window";
}
TEST(extension, rfc7692_7_1_2_2_client_window_is_asked_for_only_if_offered) {
  deflate_options small = generous;
  small.receive_window_bits = 9;
  EXPECT_EQ(answer("permessage-deflate", small), "permessage-deflate");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits", small),
            "permessage-deflate; client_max_window_bits=9");
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits=8", small),
            "permessage-deflate; client_max_window_bits=8");
}
TEST(extension, rfc7692_7_1_offers_with_bad_parameters_are_declined) {
  for (const char* const bad :
       {"unknown", "server_max_window_bits", "server_max_window_bits=7", "server_max_window_bits=16",
        "server_max_window_bits=010", "server_max_window_bits=1",
        "server_max_window_bits=9; server_max_window_bits=9", "client_max_window_bits=7",
        "client_max_window_bits; client_max_window_bits", "server_no_context_takeover=1",
        "server_no_context_takeover; server_no_context_takeover", "client_no_context_takeover=yes"})
    EXPECT_EQ(answer(std::string("permessage-deflate; ") + bad), "-") << bad;
}
TEST(extension, rfc7692_5_1_the_first_offer_that_can_be_met_counts) {
  EXPECT_EQ(answer("x-webkit, permessage-deflate; foo, permessage-deflate; server_max_window_bits=9"),
            "permessage-deflate; server_max_window_bits=9");
  const auto two = offered({"permessage-deflate; foo", "permessage-deflate"}, generous);
  EXPECT_EQ(two.deflate.value().field, "permessage-deflate");
}
TEST(extension, rfc6455_9_1_malformed_lists_are_told_apart) {
  for (const char* const bad :
       {"", "=", ";", "a;", "a;b=", "a;;b", "a b", "a; b=\"", "a; b=\"c d\"", "a; b=\"\"", "\"a\""})
    EXPECT_EQ(answer(bad), "bad") << bad;
  EXPECT_FALSE(offered({"permessage-deflate", "a;"}, generous).well_formed);
}
TEST(extension, rfc6455_9_1_values_may_be_quoted) {
  EXPECT_EQ(answer("permessage-deflate;server_max_window_bits = \"1\\0\" ,, other"),
            "permessage-deflate; server_max_window_bits=10");
}

TEST(extension, rfc7692_7_1_client_reads_the_answer) {
  EXPECT_EQ(read_deflate_answer("permessage-deflate"), deflate_agreement{});
  EXPECT_EQ(read_deflate_answer("permessage-deflate; server_no_context_takeover; client_max_window_bits=10; "
                                "server_max_window_bits=9; client_no_context_takeover"),
            (deflate_agreement{10, 9, false, false}));
  for (const char* const bad :
       {"", "foo", "permessage-deflate; foo", "permessage-deflate; client_max_window_bits",
        "permessage-deflate, permessage-deflate"})
    EXPECT_FALSE(read_deflate_answer(bad)) << bad;
}

} // namespace
} // namespace perron::httpd::rfc6455
