// SPDX-License-Identifier: BSD-3-Clause
#include "expect_head.hpp"

#include <perron/httpd/http1/characters.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;
using namespace perron::httpd::http1;
using perron::tests::expect_bad;
using perron::tests::expect_complete;
using perron::tests::find_split_difference;
using perron::tests::parsed_head;

constexpr std::string_view line_1_1 = "GET / HTTP/1.1\r\n";
constexpr std::size_t first_field = line_1_1.size();
constexpr std::size_t second_field = first_field + 9; // behind "Host: a\r\n"

/// A request with this behind its Host field.
std::string with_fields(std::string_view fields) {
  return std::string(line_1_1) + "Host: a\r\n" + std::string(fields) + "\r\n";
}

std::string with_fields_1_0(std::string_view fields) {
  return "GET / HTTP/1.0\r\n" + std::string(fields) + "\r\n";
}

std::string with_host(std::string_view value) {
  return std::string(line_1_1) + "Host: " + std::string(value) + "\r\n\r\n";
}

/// For the faults of framing, which are found when all fields are there.
void expect_bad_framing(std::string_view text, int status, std::string_view what) {
  expect_bad(text, status, what, text.size() - 2);
}

// RFC 9112 3.2, RFC 9110 7.2: Host

TEST(rfc9112_3_2, request_1_1_without_host_is_refused) {
  expect_bad(std::string(line_1_1) + "\r\n", 400, "Host is missing", first_field);
  expect_bad(std::string(line_1_1) + "X: y\r\n\r\n", 400, "Host is missing", first_field + 6);
}

TEST(rfc9112_3_2, more_than_one_host_is_refused) {
  expect_bad(with_fields("Host: a\r\n"), 400, "more than one Host", second_field + 6);
  expect_bad(with_fields("hOST: b\r\n"), 400, "more than one Host", second_field + 6);
  expect_bad(with_fields_1_0("Host: a\r\nHost: a\r\n"), 400, "more than one Host", second_field + 6);
}

TEST(rfc9112_3_2, host_with_an_invalid_value_is_refused) {
  const auto refused = [](std::string_view value, std::string_view what) {
    expect_bad(with_host(value), 400, what, first_field + 6);
  };
  refused("a b", "host has a character that no host name has");
  refused("a/b", "host has a character that no host name has");
  refused("a\\b", "host has a character that no host name has");
  refused("\xc3\xa9", "host has a character that no host name has");
  refused("u@a", "authority has userinfo");
  refused("%4", "host has a bad percent escape");
  refused("%4g", "host has a bad percent escape");
  refused("a:80a", "port is not a number");
  refused("a:-1", "port is not a number");
  refused("a:80:80", "port is not a number");
  refused("a:65536", "port is above 65535");
  refused("a:99999999999999999999", "port is above 65535");
  refused("::1", "port is not a number");
  refused("[::1", "host is no IPv6 address in brackets");
  refused("[]", "host is no IPv6 address in brackets");
  refused("[1.2.3.4]", "host is no IPv6 address in brackets");
  refused("[::1%25eth0]", "host is no IPv6 address in brackets");
  refused("[" + std::string(100, ':') + "]", "host is no IPv6 address in brackets");
  refused("[::1]80", "something other than a port follows the host");
}

TEST(rfc9112_3_2, host_with_a_valid_value) {
  for (const std::string_view host :
       {"a", "a:80", "a:", "A-b.c_d~e", "127.0.0.1:65535", "[::1]", "[::1]:8080", "[2001:db8::192.0.2.1]",
        "x%41y", "a!$&'()*+,;=", ":80"}) {
    const parsed_head parsed(with_host(host));
    expect_complete(parsed);
    EXPECT_EQ(parsed.head.host, host);
  }
}

TEST(rfc9112_3_2, host_may_be_empty) {
  const parsed_head parsed(with_host(""));
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.host, "");
}

// RFC 9112 5: field syntax

TEST(rfc9112_5, names_are_matched_without_case) {
  const parsed_head parsed(std::string(line_1_1) + "hOsT: a\r\ncOnTeNt-LeNgTh: 7\r\n\r\n");
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.host, "a");
  EXPECT_EQ(parsed.head.content_length, 7U);
}

TEST(rfc9112_5, a_line_needs_a_name_and_a_colon) {
  expect_bad(with_fields("nonsense\r\n"), 400, "field line without a colon", second_field + 8);
  expect_bad(with_fields(": b\r\n"), 400, "field name is empty", second_field);
}

TEST(rfc9112_5_1, blank_between_name_and_colon_is_refused) {
  expect_bad(with_fields("Content-Length : 5\r\n"), 400, "blank in or behind a field name",
             second_field + 14);
  expect_bad(with_fields("X\t: 5\r\n"), 400, "blank in or behind a field name", second_field + 1);
  expect_bad(with_fields("X Y: 5\r\n"), 400, "blank in or behind a field name", second_field + 1);
}

TEST(rfc9112_5_1, names_hold_token_characters_only) {
  expect_complete(parsed_head(with_fields("!#$%&'*+-.^_`|~09azAZ-and-something-long-behind-it: b\r\n")));
  for (int c = 1; c < 256; ++c) {
    const auto byte = static_cast<char>(c);
    if (http1::detail::is_token_char(byte) || byte == ':' || http1::detail::is_control(byte))
      continue;
    for (const std::size_t before : {1, 7, 15, 16, 40}) {
      const auto text = with_fields(std::string(before, 'n') + byte + ": b\r\n");
      EXPECT_EQ(parsed_head(text).result.status, 400) << c;
      EXPECT_EQ(parsed_head(text).result.offset, second_field + before) << c;
    }
  }
}

TEST(rfc9112_5_1, blanks_around_a_value_are_no_part_of_it) {
  const parsed_head parsed(with_fields("A:b\r\nC: \t d\te \t\r\nF: \t \r\nG:\r\n"));
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.headers().find("a"), "b");
  EXPECT_EQ(parsed.head.headers().find("c"), "d\te");
  EXPECT_EQ(parsed.head.headers().find("f"), "");
  EXPECT_EQ(parsed.head.headers().find("g"), "");
}

TEST(rfc9112_5_2, line_folding_is_refused) {
  expect_bad(with_fields("X: a\r\n b\r\n"), 400, "line begins with a blank (obs-fold)", second_field + 6);
  expect_bad(with_fields("X: a\r\n\tb\r\n"), 400, "line begins with a blank (obs-fold)", second_field + 6);
  expect_bad(with_fields("X: a\r\n \r\n"), 400, "line begins with a blank (obs-fold)", second_field + 6);
}

TEST(rfc9110_5_5, control_characters_in_values_are_refused) {
  for (int c = 0; c < 256; ++c) {
    const auto byte = static_cast<char>(c);
    for (const std::size_t before : {0, 14, 15, 16, 33}) {
      const auto text = with_fields("X: " + std::string(before, 'v') + byte + "v\r\n");
      const parsed_head parsed(text);
      if ((c < 0x20 && c != '\t') || c == 0x7f) {
        EXPECT_EQ(parsed.result.status, 400) << c;
        EXPECT_EQ(parsed.result.offset, second_field + 3 + before) << c;
      } else {
        EXPECT_TRUE(parsed.is_complete()) << c;
      }
    }
  }
}

// RFC 9112 6.1: Transfer-Encoding

TEST(rfc9112_6_1, chunked_alone_is_understood_in_any_case) {
  for (const std::string_view value : {"chunked", "Chunked", "CHUNKED", "\t chunked "}) {
    const parsed_head parsed(with_fields("Transfer-Encoding:" + std::string(value) + "\r\n"));
    expect_complete(parsed);
    EXPECT_TRUE(parsed.head.chunked);
    EXPECT_FALSE(parsed.head.content_length);
  }
}

TEST(rfc9112_6_1, coding_not_understood_is_not_implemented) {
  expect_bad_framing(with_fields("Transfer-Encoding: gzip, chunked\r\n"), 501,
                     "transfer coding other than chunked");
  expect_bad_framing(with_fields("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), 501,
                     "transfer coding other than chunked");
}

TEST(rfc9112_6_1, chunked_twice_is_refused) {
  expect_bad_framing(with_fields("Transfer-Encoding: chunked, chunked\r\n"), 400, "chunked more than once");
  expect_bad_framing(with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400,
                     "chunked more than once");
}

TEST(rfc9112_6_1, transfer_encoding_in_1_0_is_faulty_framing) {
  expect_bad_framing(with_fields_1_0("Transfer-Encoding: chunked\r\n"), 400, "Transfer-Encoding in HTTP/1.0");
}

TEST(rfc9112_6_3, last_coding_other_than_chunked_is_refused) {
  for (const std::string_view value :
       {"gzip", "identity", "chunked, identity", "chunked, gzip", "xchunked", "chunkedx", "chunked;a=b",
        "\"chunked\"", "chunked,", "", "chun ked", "gzip;a=\"b, chunked\"", "chunked chunked", "chunk"})
    expect_bad_framing(with_fields("Transfer-Encoding: " + std::string(value) + "\r\n"), 400,
                       "last transfer coding is not chunked");
  expect_bad_framing(with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 400,
                     "last transfer coding is not chunked");
}

TEST(rfc9112_6_3, empty_codings_are_never_taken_for_chunked_alone) {
  expect_bad_framing(with_fields("Transfer-Encoding: ,chunked\r\n"), 501,
                     "transfer coding other than chunked");
  expect_bad_framing(with_fields("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n"), 501,
                     "transfer coding other than chunked");
}

TEST(rfc9112_6_1, content_length_beside_transfer_encoding_is_refused) {
  expect_bad_framing(with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400,
                     "both Content-Length and Transfer-Encoding");
  expect_bad_framing(with_fields("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), 400,
                     "both Content-Length and Transfer-Encoding");
  expect_bad_framing(with_fields("Transfer-Encoding: gzip\r\nContent-Length: 0\r\n"), 400,
                     "both Content-Length and Transfer-Encoding");
}

// RFC 9112 6.2 and 6.3: Content-Length

TEST(rfc9112_6_2, content_length_is_decimal) {
  const auto length = [](std::string_view value) {
    return parsed_head(with_fields("Content-Length: " + std::string(value) + "\r\n")).head.content_length;
  };
  EXPECT_EQ(length("0"), 0U);
  EXPECT_EQ(length("00012"), 12U);
  EXPECT_EQ(length("18446744073709551615"), UINT64_MAX);
}

TEST(rfc9112_6_3, invalid_content_length_is_refused) {
  const auto refused = [](std::string_view value, std::string_view what, std::size_t at) {
    expect_bad(with_fields("Content-Length: " + std::string(value) + "\r\n"), 400, what,
               second_field + 16 + at);
  };
  refused("18446744073709551616", "Content-Length is out of range", 19);
  refused("99999999999999999999999", "Content-Length is out of range", 19);
  refused("+5", "Content-Length is not a number", 0);
  refused("-5", "Content-Length is not a number", 0);
  refused("0x5", "Content-Length is not a number", 1);
  refused("5 5", "Content-Length is not a number", 1);
  refused("5,5", "Content-Length is not a number", 1);
  refused("5;", "Content-Length is not a number", 1);
  refused("1e1", "Content-Length is not a number", 1);
  refused("\"5\"", "Content-Length is not a number", 0);
  refused("\xb2", "Content-Length is not a number", 0);
  refused("", "Content-Length is empty", 0);
}

TEST(rfc9112_6_3, content_length_sent_twice_is_refused) {
  expect_bad(with_fields("Content-Length: 5\r\nContent-Length: 6\r\n"), 400, "more than one Content-Length",
             second_field + 19 + 16);
  expect_bad(with_fields("Content-Length: 5\r\nContent-Length: 5\r\n"), 400, "more than one Content-Length",
             second_field + 19 + 16);
}

TEST(rfc9112_6_3, request_without_either_has_no_content) {
  const parsed_head parsed(with_fields(""));
  expect_complete(parsed);
  EXPECT_FALSE(parsed.head.content_length);
  EXPECT_FALSE(parsed.head.chunked);
}

TEST(rfc9112_6_3, lookalike_names_do_not_frame) {
  const parsed_head parsed(with_fields("Content_Length: 5\r\nContent-Lengths: 5\r\nTransfer_Encoding: x\r\n"
                                       "X-Host: b\r\n"));
  expect_complete(parsed);
  EXPECT_FALSE(parsed.head.content_length);
  EXPECT_FALSE(parsed.head.chunked);
}

TEST(rfc9110_9_3_6, connect_has_no_content) {
  const auto connect = [](std::string_view fields) {
    return "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
  };
  expect_bad_framing(connect("Content-Length: 1\r\n"), 400, "CONNECT with content");
  expect_bad_framing(connect("Transfer-Encoding: chunked\r\n"), 400, "CONNECT with content");
  expect_complete(parsed_head(connect("Content-Length: 0\r\n")));
  expect_complete(parsed_head(connect("")));
}

// RFC 9112 9.3 and 9.6: persistence

TEST(rfc9112_9_3, close_option_ends_persistence) {
  for (const std::string_view value : {"close", "Close", "keep-alive, close", "a,close ,b", "close,"})
    EXPECT_FALSE(parsed_head(with_fields("Connection: " + std::string(value) + "\r\n")).head.keep_alive)
        << value;
  EXPECT_FALSE(parsed_head(with_fields("Connection: x\r\nConnection: close\r\n")).head.keep_alive);
}

TEST(rfc9112_9_3, version_1_1_persists_without_a_word) {
  for (const std::string_view value : {"keep-alive", "closed", "", ",", "not-close"})
    EXPECT_TRUE(parsed_head(with_fields("Connection: " + std::string(value) + "\r\n")).head.keep_alive)
        << value;
}

TEST(rfc9110_7_6_1, connection_options_are_tokens) {
  const std::size_t value = second_field + 12;
  expect_bad(with_fields("Connection: \"close\"\r\n"), 400, "connection option is not a token", value);
  expect_bad(with_fields("Connection: a, clo se\r\n"), 400, "connection option is not a token", value + 3);
  expect_bad(with_fields("Connection:: close\r\n"), 400, "connection option is not a token", value - 1);
}

TEST(rfc9112_9_3, version_1_0_persists_if_asked) {
  EXPECT_FALSE(parsed_head(with_fields_1_0("")).head.keep_alive);
  EXPECT_TRUE(parsed_head(with_fields_1_0("Connection: Keep-Alive\r\n")).head.keep_alive);
  EXPECT_FALSE(parsed_head(with_fields_1_0("Connection: keep-alive, close\r\n")).head.keep_alive);
}

TEST(rfc9110_7_8, upgrade_option) {
  EXPECT_TRUE(parsed_head(with_fields("Connection: keep-alive, Upgrade\r\n")).head.connection_upgrade);
  EXPECT_FALSE(parsed_head(with_fields("Upgrade: websocket\r\n")).head.connection_upgrade);
}

// RFC 9110 10.1.1: Expect

TEST(rfc9110_10_1_1, expectation_of_continue_in_any_case) {
  for (const std::string_view value : {"100-continue", "100-Continue"}) {
    const parsed_head parsed(with_fields("Expect: " + std::string(value) + "\r\n"));
    EXPECT_TRUE(parsed.head.expect_continue);
    EXPECT_FALSE(parsed.head.expect_unknown);
  }
}

TEST(rfc9110_10_1_1, other_expectations_are_told_apart) {
  const parsed_head parsed(with_fields("Expect: 100-continue, more\r\n"));
  EXPECT_TRUE(parsed.head.expect_continue);
  EXPECT_TRUE(parsed.head.expect_unknown);
}

TEST(rfc9110_10_1_1, expectation_in_1_0_is_ignored) {
  const parsed_head parsed(with_fields_1_0("Expect: 100-continue, more\r\n"));
  expect_complete(parsed);
  EXPECT_FALSE(parsed.head.expect_continue);
  EXPECT_FALSE(parsed.head.expect_unknown);
}

TEST(request_head_facts, do_not_leak_into_the_next_request) {
  std::array<header_field, 8> fields;
  request_head head(fields);
  const std::string first =
      "POST http://b/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close, upgrade\r\n"
      "Expect: 100-continue\r\n\r\n";
  ASSERT_EQ(parse_request_head(first, head).outcome, head_outcome::complete);
  const auto second = with_fields_1_0("");
  ASSERT_EQ(parse_request_head(second, head).outcome, head_outcome::complete);
  const parsed_head fresh(second);
  EXPECT_TRUE(perron::tests::same_head(head, fresh.head));
}

// RFC 6585 5: limits

TEST(rfc6585_5, fields_beyond_the_limit_are_431) {
  std::string fields;
  for (int i = 0; i < 99; ++i)
    fields += "A: b\r\n";
  const parsed_head parsed(with_fields(fields));
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.header_count, 100U);
  expect_bad(with_fields(fields + "A: b\r\n"), 431, "too many fields", second_field + fields.size());
}

TEST(rfc6585_5, storage_bounds_the_fields_too) {
  std::array<header_field, 2> fields;
  request_head head(fields);
  EXPECT_EQ(parse_request_head(with_fields("B: c\r\n"), head).outcome, head_outcome::complete);
  EXPECT_EQ(parse_request_head(with_fields("B: c\r\nD: e\r\n"), head).status, 431);
}

TEST(rfc6585_5, head_of_exactly_the_limit_passes_and_one_byte_more_does_not) {
  const auto of_size = [](std::size_t size) {
    const auto rest = with_fields("X: \r\n").size();
    return with_fields("X: " + std::string(size - rest, 'x') + "\r\n");
  };
  EXPECT_TRUE(parsed_head(of_size(16384)).is_complete());
  EXPECT_EQ(find_split_difference(of_size(16384), 1000), 0U);
  for (const std::size_t size : {16385, 16386, 16387, 16388, 20000}) {
    const parsed_head parsed(of_size(size));
    EXPECT_EQ(parsed.result.status, 431) << size;
    EXPECT_EQ(parsed.result.offset, 16384U) << size;
    EXPECT_EQ(find_split_difference(of_size(size), 1000), 0U) << size;
  }
}

TEST(rfc6585_5, every_limit_below_the_size_of_a_head_refuses_it_and_every_cut_agrees) {
  const auto text = with_fields("Some-Name: and value\r\n");
  for (std::uint32_t limit = 0; limit <= text.size() + 1; ++limit) {
    const head_limits limits{.max_head_bytes = limit};
    const parsed_head parsed(text, limits);
    EXPECT_EQ(parsed.is_complete(), limit >= text.size()) << limit;
    EXPECT_EQ(parsed.result.status, limit >= text.size() ? 0 : limit < first_field ? 414 : 431) << limit;
    EXPECT_EQ(find_split_difference(text, 1, limits), 0U) << limit;
  }
}

TEST(rfc6585_5, content_behind_the_head_does_not_count) {
  const auto text = with_fields("Content-Length: 100000\r\n") + std::string(100000, 'x');
  EXPECT_TRUE(parsed_head(text).is_complete());
}

} // namespace
