// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/coding/compress.hpp>

#include "httpd/coding/decoding.hpp"

#include <perron/httpd/rules/header_rules.hpp>
#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace perron::testing {
namespace {

using namespace httpd;

test_client client_of(handler h, compress_options options = {}) {
  router r;
  r.use(compress(std::move(options)));
  r.any("/*path", std::move(h));
  return test_client(std::move(r));
}

test_answer ask(const handler& h, std::string accept, compress_options options = {}) {
  return client_of(h, std::move(options)).get("/", {{"Accept-Encoding", std::move(accept)}});
}

handler gives(response r) {
  return [r = std::move(r)](request&) { return r; };
}

const std::string page = page_of(20'000);

response page_with(std::string name, std::string value) {
  response r = html(page);
  r.headers.emplace_back(std::move(name), std::move(value));
  return r;
}

void expect_coded(const test_answer& a, std::string_view coding, std::string_view text = page) {
  EXPECT_EQ(a.header("Content-Encoding"), coding);
  EXPECT_EQ(a.header("Vary"), "Accept-Encoding");
  const decoded back = decode(coding, a.body);
  EXPECT_TRUE(back.whole);
  EXPECT_EQ(back.text, text);
  EXPECT_LT(a.body.size(), text.size());
}

void expect_plain(const test_answer& a, std::string_view text = page) {
  EXPECT_EQ(a.header("Content-Encoding"), "");
  EXPECT_EQ(a.body, text);
}

TEST(rfc9110_12_5_3, the_client_says_what_it_likes) {
  const handler h = gives(html(page));
  expect_coded(ask(h, "gzip"), "gzip");
  expect_coded(ask(h, "br"), "br");
  expect_coded(ask(h, "zstd"), "zstd");
  expect_coded(ask(h, "gzip, deflate, br, zstd"), "zstd");
  expect_coded(ask(h, "gzip, deflate, br"), "br");
  expect_coded(ask(h, "gzip;q=1, br;q=0.5"), "gzip");
  expect_coded(ask(h, "x-gzip"), "gzip");
  expect_coded(ask(h, "*"), "zstd");
  expect_coded(ask(h, "*;q=0.1, zstd;q=0"), "br");
  expect_plain(ask(h, "gzip;q=0"));
  expect_plain(ask(h, "identity;q=1, gzip;q=0.5"));
  expect_plain(ask(h, "deflate"));
  expect_plain(ask(h, ""));
  expect_plain(client_of(h).get("/"));
  EXPECT_EQ(client_of(h).get("/").header("Vary"), "Accept-Encoding");
}

TEST(rfc9110_12_5_3, who_refuses_identity_gets_small_bodies_compressed_too) {
  const handler small = gives(html("small"));
  expect_plain(ask(small, "gzip"), "small");
  const auto a = ask(small, "gzip, identity;q=0");
  EXPECT_EQ(decode_gzip(a.body).text, "small");
  EXPECT_EQ(ask(small, "gzip, *;q=0").header("Content-Encoding"), "gzip");
  expect_plain(ask(gives(html(page)), "deflate, identity;q=0")); // better than nothing
}

TEST(rfc9110_8_8_3, an_etag_becomes_weak) {
  EXPECT_EQ(ask(gives(page_with("ETag", "\"v1\"")), "gzip").header("ETag"), "W/\"v1\"");
  EXPECT_EQ(ask(gives(page_with("ETag", "W/\"v1\"")), "gzip").header("ETag"), "W/\"v1\"");
  EXPECT_EQ(ask(gives(page_with("ETag", "\"v1\"")), "br;q=0").header("ETag"), "\"v1\"");
}

TEST(rfc9110_15_4_5, not_modified_bears_the_tag_that_was_asked_by) {
  response r = empty(status::not_modified);
  r.headers = {{"ETag", "\"v1\""}};
  auto client = client_of(gives(r));
  const auto weak = client.get("/", {{"If-None-Match", "\"x\", W/\"v1\""}, {"Accept-Encoding", "gzip"}});
  EXPECT_EQ(weak.header("ETag"), "W/\"v1\"");
  EXPECT_EQ(weak.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(client.get("/", {{"If-None-Match", "\"v1\""}, {"Accept-Encoding", "gzip"}}).header("ETag"),
            "\"v1\"");
}

TEST(rfc9111_5_2_2_6, no_transform_is_left_alone) {
  const auto a = ask(gives(page_with("Cache-Control", "no-store, no-transform")), "gzip");
  expect_plain(a);
  EXPECT_EQ(a.header("Vary"), "");
}

TEST(rfc9110_8_4, what_is_coded_already_is_left_alone) {
  const auto a = ask(gives(page_with("Content-Encoding", "br")), "gzip");
  EXPECT_EQ(a.header("Content-Encoding"), "br");
  EXPECT_EQ(a.body, page);
}

TEST(rfc9110_15_3_7, parts_are_left_alone) {
  response r = page_with("Content-Range", "bytes 0-19999/40000");
  r.status = status::partial_content;
  expect_plain(ask(gives(std::move(r)), "gzip"));
}

TEST(rfc9530_2, what_has_a_digest_is_left_alone) {
  expect_plain(ask(gives(page_with("Content-Digest", "sha-256=:AA==:")), "gzip"));
}

TEST(rfc9110_14_3, ranges_of_coded_bytes_are_not_offered) {
  EXPECT_EQ(ask(gives(page_with("Accept-Ranges", "bytes")), "gzip").header("Accept-Ranges"), "");
  EXPECT_EQ(ask(gives(page_with("Accept-Ranges", "bytes")), "").header("Accept-Ranges"), "bytes");
}

TEST(compress, types_are_chosen) {
  const auto coding_of = [](std::string type, compress_options options = {}) {
    response r = html(page);
    r.content_type = std::move(type);
    return std::string(ask(gives(std::move(r)), "gzip", std::move(options)).header("Content-Encoding"));
  };
  for (const char* type : {"text/html", "TEXT/plain ; charset=x", "application/json", "image/svg+xml",
                           "application/problem+json", "text/event-stream"})
    EXPECT_EQ(coding_of(type), "gzip") << type;
  for (const char* type :
       {"", "image/png", "application/octet-stream", "text", "application/+json", "video/mp4"})
    EXPECT_EQ(coding_of(type), "") << type;
  EXPECT_EQ(coding_of("image/png", {.types = {"image/png"}}), "gzip");
  EXPECT_EQ(coding_of("text/html", {.types = {"image/png"}}), "");
}

TEST(compress, what_others_add_to_the_head_counts) {
  router r;
  r.use(compress());
  r.use(header_rules({{header_action::set, "Cache-Control", "no-transform"}}));
  r.any("/*path", gives(html(page)));
  expect_plain(test_client(std::move(r)).get("/", {{"Accept-Encoding", "gzip"}}));
}

TEST(compress, errors_that_handlers_return_are_bodies_too) {
  response r = html(page);
  r.status = 404;
  const auto a = ask(gives(std::move(r)), "br");
  EXPECT_EQ(a.status, 404);
  expect_coded(a, "br");
}

TEST(compress, long_bodies_are_sent_in_pieces) {
  const std::string text = page_of(2'000'000);
  for (const char* coding : {"gzip", "br", "zstd"})
    expect_coded(ask(gives(html(text)), coding), coding, text);
}

TEST(compress, streams_are_compressed_whether_their_length_is_known) {
  for (const bool is_known : {false, true}) {
    const auto a = ask(
        [is_known](request& r) {
          auto out = r.begin({.content_type = "text/html"},
                             is_known ? std::optional<std::uint64_t>(page.size()) : std::nullopt);
          out.write(std::string_view(page).substr(0, 1000));
          out.write("");
          out.write(std::string_view(page).substr(1000));
          out.trailer("X-Sum", "1");
          return out.end();
        },
        "gzip");
    expect_coded(a, "gzip");
    EXPECT_EQ(a.trailers, (header_list{{"X-Sum", "1"}}));
  }
}

TEST(compress, streams_keep_the_length_that_they_announce) {
  const auto short_one = ask(
      [](request& r) {
        auto out = r.begin({.content_type = "text/html"}, 5000);
        out.write("too little");
        return out.end();
      },
      "gzip");
  EXPECT_TRUE(short_one.is_cut);
  const auto long_one = ask(
      [](request& r) {
        auto out = r.begin({.content_type = "text/html"}, 5000);
        out.write(page);
        return out.end();
      },
      "gzip");
  EXPECT_TRUE(long_one.is_cut);
}

TEST(compress, what_fails_in_the_middle_is_cut) {
  const auto a = ask(
      [](request& r) -> response {
        auto out = r.begin({.content_type = "text/html"});
        out.write(page);
        throw std::runtime_error("in the middle");
      },
      "gzip");
  EXPECT_TRUE(a.is_cut);
  EXPECT_FALSE(decode_gzip(a.body).whole);
}

TEST(compress, bad_options_are_refused) {
  EXPECT_FALSE(check(compress_options{.types = {"html"}}));
  EXPECT_FALSE(check(compress_options{.types = {"*/*"}}));
  EXPECT_FALSE(check(compress_options{.codings = {"deflate"}}));
  EXPECT_FALSE(check(compress_options{.gzip_level = 0}));
  EXPECT_FALSE(check(compress_options{.brotli_quality = 12}));
  EXPECT_FALSE(check(compress_options{.zstd_level = 20}));
  EXPECT_EQ(check(compress_options{.gzip_level = 10}).error().text, "gzip_level is to be from 1 to 9");
  EXPECT_THROW(compress({.codings = {"x"}}), std::invalid_argument);
}

} // namespace
} // namespace perron::testing
