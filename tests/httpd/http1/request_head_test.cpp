// SPDX-License-Identifier: BSD-3-Clause
#include "expect_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;
using namespace perron::httpd::http1;
using perron::tests::expect_bad;
using perron::tests::expect_complete;
using perron::tests::find_split_difference;
using perron::tests::parsed_head;

std::string with_request_line(std::string_view line) { return std::string(line) + "\r\nHost: a\r\n\r\n"; }

TEST(request_head, takes_a_request_apart) {
  const parsed_head parsed("GET /a/b?c=d HTTP/1.1\r\n"
                           "Host: example.org:8080\r\n"
                           "User-Agent: \t somebody/1.0 (with blanks) \t\r\n"
                           "X-Empty:\r\n"
                           "Accept:*/*\r\n"
                           "\r\n");
  expect_complete(parsed);
  const auto& head = parsed.head;
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/a/b?c=d");
  EXPECT_EQ(head.path_and_query, "/a/b?c=d");
  EXPECT_EQ(head.form, target_form::origin);
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_EQ(head.host, "example.org:8080");
  EXPECT_FALSE(head.content_length);
  EXPECT_FALSE(head.chunked);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expect_continue);
  ASSERT_EQ(head.header_count, 4U);
  EXPECT_EQ(head.headers()[1].name, "User-Agent");
  EXPECT_EQ(head.headers()[1].value, "somebody/1.0 (with blanks)");
  EXPECT_EQ(head.headers().find("x-empty"), "");
  EXPECT_EQ(head.headers().find("ACCEPT"), "*/*");
  EXPECT_EQ(head.headers().find("accept-"), std::nullopt);
}

TEST(request_head, views_point_into_the_input) {
  const parsed_head parsed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  expect_complete(parsed);
  const auto input = parsed.input.view();
  EXPECT_EQ(parsed.head.method.data(), input.data());
  EXPECT_EQ(parsed.head.host.data(), input.data() + input.find("a\r\n"));
}

TEST(request_head, leaves_what_follows_the_head) {
  const std::string_view text = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /";
  const parsed_head parsed(text);
  ASSERT_TRUE(parsed.is_complete());
  EXPECT_EQ(text.substr(parsed.result.consumed), "abcGET /");
  EXPECT_EQ(parsed.head.content_length, 3U);
}

TEST(request_head, content_may_be_any_bytes) {
  const std::string_view text("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\n\0\r", 51);
  EXPECT_TRUE(parsed_head(text).is_complete());
  EXPECT_EQ(find_split_difference(text, 1), 0U);
}

TEST(request_head, needs_more_at_every_cut) {
  const std::string_view text = "GET /a HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_TRUE(parsed_head(text.substr(0, size)).needs_more()) << size;
  EXPECT_TRUE(parsed_head(text).is_complete());
}

TEST(request_head, every_two_cuts_give_what_one_piece_gives) {
  const std::string_view text = "\r\nPOST http://a/b?c HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                                "Content-Length: 12\r\nConnection: close\r\n\r\n";
  const parsed_head whole(text);
  expect_complete(whole);
  for (std::size_t first = 0; first <= text.size(); ++first)
    for (std::size_t second = first; second <= text.size(); ++second) {
      head_progress progress;
      std::array<header_field, 8> fields;
      request_head head(fields);
      for (const auto size : {first, second, text.size()})
        if (parse_request_head(text.substr(0, size), progress, head).outcome == head_outcome::complete)
          break;
      ASSERT_TRUE(perron::tests::same_head(head, whole.head)) << first << ' ' << second;
    }
}

TEST(request_head, progress_tells_an_idle_connection_from_a_begun_head) {
  head_progress progress;
  std::array<header_field, 8> fields;
  request_head head(fields);
  EXPECT_TRUE(progress.is_idle());
  EXPECT_EQ(parse_request_head("\r\n", progress, head).outcome, head_outcome::need_more);
  EXPECT_TRUE(progress.is_idle());
  EXPECT_EQ(parse_request_head("\r\nG", progress, head).outcome, head_outcome::need_more);
  EXPECT_FALSE(progress.is_idle());
  EXPECT_EQ(parse_request_head("\r\nGET / HTTP/1.1\r\n", progress, head).outcome, head_outcome::need_more);
  EXPECT_FALSE(progress.is_idle());
}

TEST(request_head, rebase_follows_the_bytes) {
  std::string first = "GET http://b/c HTTP/1.1\r\nHost: a\r\nX: y\r\nEmpty:\r\n\r\n";
  std::array<header_field, 8> fields;
  request_head head(fields);
  ASSERT_EQ(parse_request_head(first, head).outcome, head_outcome::complete);
  const std::string second = first;
  std::array<header_field, 3> moved;
  rebase(head, first.data(), second.data(), moved);
  first.assign(first.size(), '?');
  fields.fill({});
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "http://b/c");
  EXPECT_EQ(head.path_and_query, "/c");
  EXPECT_EQ(head.host, "b");
  EXPECT_EQ(head.headers().find("x"), "y");
  EXPECT_EQ(head.headers().find("empty"), "");
}

TEST(request_head, describes_a_fault_with_its_place) {
  EXPECT_EQ(parsed_head("GET /\n").result.describe(), "bare LF at byte 5");
}

// RFC 9112 2.2: message parsing

TEST(rfc9112_2_2, empty_lines_before_the_request_line_are_ignored) {
  expect_complete(parsed_head("\r\n" + with_request_line("GET / HTTP/1.1")));
  expect_complete(parsed_head("\r\n\r\n\r\n\r\n" + with_request_line("GET / HTTP/1.1")));
}

TEST(rfc9112_2_2, empty_lines_are_bounded) {
  expect_bad("\r\n\r\n\r\n\r\n\r\n" + with_request_line("GET / HTTP/1.1"), 400,
             "too many empty lines before the request line", 8);
}

TEST(rfc9112_2_2, bare_cr_is_refused) {
  expect_bad("GET / HTTP/1.1\rHost: a\r\n\r\n", 400, "bare CR", 14);
  expect_bad("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400, "bare CR", 23);
  expect_bad("GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", 400, "bare CR", 25);
  expect_bad("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400, "bare CR", 23);
  expect_bad("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bare CR", 0);
}

TEST(rfc9112_2_2, bare_lf_is_refused_though_a_recipient_may_take_it_for_a_line_end) {
  expect_bad("GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "bare LF", 14);
  expect_bad("GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "bare LF", 23);
  expect_bad("GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "bare LF", 25);
  expect_bad("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bare LF", 0);
}

TEST(rfc9112_2_2, blank_between_request_line_and_first_field_is_refused) {
  expect_bad("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "line begins with a blank (obs-fold)", 16);
  expect_bad("GET / HTTP/1.1\r\n\tX: b\r\nHost: a\r\n\r\n", 400, "line begins with a blank (obs-fold)", 16);
}

TEST(rfc9112_2_2, other_protocols_are_refused_at_their_first_strange_byte) {
  expect_bad(std::string_view("\x16\x03\x01\x02\x00", 5), 400, "control character", 0);
  expect_bad(std::string_view("\0\0\0", 3), 400, "NUL", 0);
  expect_bad("HELO there\r\n", 400, "version is missing", 10);
}

// RFC 9112 2.3: version

TEST(rfc9112_2_3, version_is_case_sensitive_and_has_two_digits) {
  for (const std::string_view version :
       {"http/1.1", "HTTP/11", "HTTP/1.", "HTTP/1.1.", "HTTP/1,1", "HTTP/1.11", "HTTP /1.1", "HTTPS/1.1",
        "HTTP/-1.1", "HTTP/a.1", "HTTP/1.x", "HTTP/1.1 ", " HTTP/1.1", "H"})
    expect_bad(with_request_line("GET / " + std::string(version)), 400, "version is not HTTP/digit.digit", 6);
}

TEST(rfc9110_15_6_6, other_major_versions_are_not_supported) {
  expect_bad(with_request_line("GET / HTTP/2.0"), 505, "major version is not 1", 11);
  expect_bad(with_request_line("GET / HTTP/0.9"), 505, "major version is not 1", 11);
  expect_bad("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "major version is not 1", 11);
}

TEST(rfc9110_2_5, higher_minor_version_is_taken_as_1_1) {
  const parsed_head parsed(with_request_line("GET / HTTP/1.9"));
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.minor_version, 1);
  EXPECT_TRUE(parsed.head.keep_alive);
}

TEST(rfc9112_2_3, version_1_0_needs_no_host_and_does_not_persist) {
  const parsed_head parsed("GET / HTTP/1.0\r\n\r\n");
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.minor_version, 0);
  EXPECT_EQ(parsed.head.host, "");
  EXPECT_FALSE(parsed.head.keep_alive);
}

TEST(rfc9112_2_3, requests_without_a_version_are_refused) {
  expect_bad("GET /\r\n", 400, "version is missing", 5);
  expect_bad("GET / \r\n", 400, "version is not HTTP/digit.digit", 6);
}

// RFC 9112 3: request line

TEST(rfc9112_3, parts_are_separated_by_one_sp_each) {
  expect_bad(with_request_line("GET  / HTTP/1.1"), 400, "request target is missing", 4);
  expect_bad(with_request_line("GET /  HTTP/1.1"), 400, "version is not HTTP/digit.digit", 6);
  expect_bad(with_request_line("GET\t/ HTTP/1.1"), 400, "method has no single SP behind it", 3);
  expect_bad(with_request_line("GET /\tHTTP/1.1"), 400, "character that no request target has", 5);
  expect_bad(with_request_line(" GET / HTTP/1.1"), 400, "blank before the method", 0);
  expect_bad(with_request_line("GET / HTTP/1.1 "), 400, "version is not HTTP/digit.digit", 6);
  expect_bad(with_request_line("GET /\x0bHTTP/1.1"), 400, "control character", 5);
  expect_bad(with_request_line("GET /\x0cHTTP/1.1"), 400, "control character", 5);
  expect_bad(with_request_line("GET"), 400, "method has no single SP behind it", 3);
}

TEST(rfc9112_3_1, method_is_a_token_of_any_case) {
  const parsed_head parsed(with_request_line("m-Search! / HTTP/1.1"));
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.method, "m-Search!");
  expect_bad(with_request_line("G(T / HTTP/1.1"), 400, "method has no single SP behind it", 1);
  expect_bad(with_request_line("G\xc3\xa9T / HTTP/1.1"), 400, "method has no single SP behind it", 1);
  expect_bad(with_request_line("@ / HTTP/1.1"), 400, "request line begins with no method", 0);
}

TEST(rfc9112_3, method_longer_than_any_known_is_not_implemented) {
  expect_complete(parsed_head(with_request_line(std::string(32, 'M') + " / HTTP/1.1")));
  expect_bad(with_request_line(std::string(33, 'M') + " / HTTP/1.1"), 501, "method is too long", 32);
  expect_bad(std::string(20000, 'M'), 501, "method is too long", 32);
}

TEST(rfc9112_3, target_longer_than_the_limit_is_414) {
  const auto request = [](std::size_t size) {
    return with_request_line("GET /" + std::string(size - 1, 'a') + " HTTP/1.1");
  };
  expect_complete(parsed_head(request(8192)));
  expect_bad(request(8193), 414, "request target is too long", 4 + 8192);
  expect_bad(request(9000), 414, "request line is too long", 32 + 1 + 8192 + 1 + 8 + 2);
}

TEST(rfc9112_3, target_limit_is_settable_and_wins_over_what_comes_later) {
  const head_limits limits{.max_target = 10};
  EXPECT_TRUE(parsed_head(with_request_line("GET /123456789 HTTP/1.1"), limits).is_complete());
  const auto line = with_request_line("GET /1234567890 HTTP/1.1");
  EXPECT_EQ(parsed_head(line, limits).result.status, 414);
  EXPECT_EQ(find_split_difference(line, 1, limits), 0U);
  EXPECT_EQ(parsed_head("GET /" + std::string(60, 'a') + "\n", limits).result.status, 414);
}

TEST(rfc9112_3_2, whitespace_and_raw_bytes_in_a_target_are_refused) {
  expect_bad(with_request_line("GET /a b HTTP/1.1"), 400, "version is not HTTP/digit.digit", 7);
  expect_bad(with_request_line("GET /\xc3\xa9 HTTP/1.1"), 400, "character that no request target has", 5);
  expect_bad(with_request_line("GET /a#b HTTP/1.1"), 400, "character that no request target has", 6);
  expect_bad(with_request_line("GET /a\x7f HTTP/1.1"), 400, "control character", 6);
}

TEST(rfc9112_3_2_1, origin_form) {
  for (const std::string_view target : {"/", "//", "/?", "/a?b?c", "/%41", "/..", "/a:b@c", "/{}|\\^`\"<>"}) {
    const parsed_head parsed(with_request_line("GET " + std::string(target) + " HTTP/1.1"));
    expect_complete(parsed);
    EXPECT_EQ(parsed.head.form, target_form::origin);
    EXPECT_EQ(parsed.head.path_and_query, target);
  }
  expect_bad(with_request_line("GET a HTTP/1.1"), 400, "request target is neither a path nor an http URI", 4);
  expect_bad(with_request_line("GET ?a HTTP/1.1"), 400, "request target is neither a path nor an http URI",
             4);
}

TEST(rfc9112_3_2_2, absolute_form_is_accepted_and_its_host_counts) {
  const parsed_head parsed("GET HtTp://b:81/c?d HTTP/1.1\r\nHost: a\r\n\r\n");
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.form, target_form::absolute);
  EXPECT_EQ(parsed.head.host, "b:81");
  EXPECT_EQ(parsed.head.path_and_query, "/c?d");
  EXPECT_EQ(parsed.head.headers().find("host"), "a");
}

TEST(rfc9112_3_2_2, absolute_form_without_path) {
  const parsed_head bare(with_request_line("GET https://b HTTP/1.1"));
  expect_complete(bare);
  EXPECT_EQ(bare.head.path_and_query, "");
  EXPECT_EQ(bare.head.host, "b");
  const parsed_head query(with_request_line("GET http://b?c=/ HTTP/1.1"));
  expect_complete(query);
  EXPECT_EQ(query.head.path_and_query, "?c=/");
  EXPECT_EQ(query.head.host, "b");
}

TEST(rfc9112_3_2_2, absolute_form_must_name_a_host_and_no_user) {
  expect_bad(with_request_line("GET http:///a HTTP/1.1"), 400, "host is missing", 11);
  expect_bad(with_request_line("GET http://:80/a HTTP/1.1"), 400, "host is missing", 11);
  expect_bad(with_request_line("GET http://u@a/ HTTP/1.1"), 400, "authority has userinfo", 11);
  expect_bad(with_request_line("GET http://u:p@a/ HTTP/1.1"), 400, "port is not a number", 11);
  expect_bad(with_request_line("GET ftp://a/ HTTP/1.1"), 400,
             "request target is neither a path nor an http URI", 4);
}

TEST(rfc9112_3_2_2, host_must_be_sent_even_with_absolute_form) {
  expect_bad("GET http://a/ HTTP/1.1\r\n\r\n", 400, "Host is missing", 24);
}

TEST(rfc9112_3_2_3, authority_form_is_for_connect_alone) {
  const parsed_head parsed("CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n");
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.form, target_form::authority);
  EXPECT_EQ(parsed.head.host, "[::1]:443");
  EXPECT_EQ(parsed.head.path_and_query, "");
  expect_bad(with_request_line("GET a:80 HTTP/1.1"), 400, "request target is neither a path nor an http URI",
             4);
  expect_bad(with_request_line("CONNECT / HTTP/1.1"), 400, "host has a character that no host name has", 8);
  expect_bad(with_request_line("CONNECT a HTTP/1.1"), 400, "port is missing", 8);
  expect_bad(with_request_line("CONNECT a: HTTP/1.1"), 400, "port is missing", 8);
  expect_bad(with_request_line("CONNECT :80 HTTP/1.1"), 400, "host is missing", 8);
}

TEST(rfc9112_3_2_4, asterisk_form_is_for_options_alone) {
  const parsed_head parsed(with_request_line("OPTIONS * HTTP/1.1"));
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.form, target_form::asterisk);
  EXPECT_EQ(parsed.head.path_and_query, "");
  expect_bad(with_request_line("GET * HTTP/1.1"), 400, "request target is neither a path nor an http URI", 4);
  expect_bad(with_request_line("OPTIONS *a HTTP/1.1"), 400,
             "request target is neither a path nor an http URI", 8);
}

TEST(rfc9112_3_2_4, options_with_an_absolute_target_without_path_means_the_server) {
  const parsed_head parsed(with_request_line("OPTIONS http://b:8001 HTTP/1.1"));
  expect_complete(parsed);
  EXPECT_EQ(parsed.head.form, target_form::asterisk);
  EXPECT_EQ(parsed.head.host, "b:8001");
}

} // namespace
