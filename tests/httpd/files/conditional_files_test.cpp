// SPDX-License-Identifier: BSD-3-Clause
// RFC 9110 8.8 and 13 as they hold for files; ../conditional_test.cpp has the fields by themselves.
#include "httpd/files/files_fixture.hpp"

#include <perron/httpd/http_date.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace perron::testing {
namespace {

using namespace std::chrono_literals;

class conditional_files : public files_fixture {
protected:
  void SetUp() override {
    files_fixture::SetUp();
    write("a.txt", "0123456789");
    serve_files({.cache_control = "no-cache", .cache = {.fresh = 0ms}});
    const answer first = get("a.txt");
    tag = first.field("ETag");
    date = first.field("Last-Modified");
  }

  /// The status of a GET with these fields.
  int status(const std::string& fields) { return get("a.txt", fields).status; }
  std::string earlier() const { return moved(-1s); }
  std::string later() const { return moved(1s); }

  std::string tag;
  std::string date;

private:
  std::string moved(std::chrono::seconds by) const {
    const auto changed = httpd::parse_http_date(date, {});
    return changed ? httpd::to_http_date(*changed + by) : std::string("no date");
  }
};

using rfc9110_8_8_files = conditional_files;
using rfc9110_13_1_1_files = conditional_files;
using rfc9110_13_1_2_files = conditional_files;
using rfc9110_13_1_3_files = conditional_files;
using rfc9110_13_1_4_files = conditional_files;
using rfc9110_13_2_files = conditional_files;
using rfc9110_15_4_5_files = conditional_files;

TEST_F(rfc9110_8_8_files, tag_is_strong_and_the_same_for_head) {
  EXPECT_TRUE(tag.starts_with('"')) << tag;
  EXPECT_EQ(head("a.txt").field("ETag"), tag);
  EXPECT_EQ(head("a.txt").field("Last-Modified"), date);
}

TEST_F(rfc9110_8_8_files, another_size_or_time_is_another_tag) {
  write("a.txt", "012345678");
  const std::string smaller = get("a.txt").field("ETag");
  write("a.txt", "012345678", 2h);
  EXPECT_NE(smaller, tag);
  EXPECT_NE(get("a.txt").field("ETag"), smaller);
}

TEST_F(rfc9110_8_8_files, time_to_come_is_sent_as_now_and_weakly) {
  write("b.txt", "x", -1h);
  const answer a = get("b.txt");
  EXPECT_EQ(a.field("Last-Modified").size(), date.size());
  const auto changed = httpd::parse_http_date(a.field("Last-Modified"), {});
  const auto sent = httpd::parse_http_date(a.field("Date"), {});
  ASSERT_TRUE(changed && sent);
  EXPECT_LE(*changed, *sent + 1s); // the two are read one after the other
  EXPECT_TRUE(a.field("ETag").starts_with("W/\""));
}

TEST_F(rfc9110_13_1_1_files, if_match_wants_one_that_is_strongly_equal) {
  EXPECT_EQ(status("If-Match: " + tag + "\r\n"), 200);
  EXPECT_EQ(status("If-Match: \"x\", " + tag + "\r\n"), 200);
  EXPECT_EQ(status("If-Match: *\r\n"), 200);
  EXPECT_EQ(status("If-Match: \"x\"\r\n"), 412);
  EXPECT_EQ(status("If-Match: W/" + tag + "\r\n"), 412);
}

TEST_F(rfc9110_13_1_2_files, if_none_match_wants_none_that_is_weakly_equal) {
  EXPECT_EQ(status("If-None-Match: " + tag + "\r\n"), 304);
  EXPECT_EQ(status("If-None-Match: W/" + tag + "\r\n"), 304);
  EXPECT_EQ(status("If-None-Match: \"x\", " + tag + "\r\n"), 304);
  EXPECT_EQ(status("If-None-Match: *\r\n"), 304);
  EXPECT_EQ(status("If-None-Match: \"x\"\r\n"), 200);
  EXPECT_EQ(head("a.txt", "If-None-Match: " + tag + "\r\n").status, 304);
}

TEST_F(rfc9110_13_1_3_files, if_modified_since_wants_a_later_time) {
  EXPECT_EQ(status("If-Modified-Since: " + date + "\r\n"), 304);
  EXPECT_EQ(status("If-Modified-Since: " + later() + "\r\n"), 304);
  EXPECT_EQ(status("If-Modified-Since: " + earlier() + "\r\n"), 200);
  EXPECT_EQ(status("If-Modified-Since: yesterday\r\n"), 200);
}

TEST_F(rfc9110_13_1_4_files, if_unmodified_since_wants_no_later_time) {
  EXPECT_EQ(status("If-Unmodified-Since: " + date + "\r\n"), 200);
  EXPECT_EQ(status("If-Unmodified-Since: " + later() + "\r\n"), 200);
  EXPECT_EQ(status("If-Unmodified-Since: " + earlier() + "\r\n"), 412);
  EXPECT_EQ(status("If-Unmodified-Since: yesterday\r\n"), 200);
}

TEST_F(rfc9110_13_2_files, tags_come_before_dates_and_match_before_none_match) {
  EXPECT_EQ(status("If-Match: " + tag + "\r\nIf-Unmodified-Since: " + earlier() + "\r\n"), 200);
  EXPECT_EQ(status("If-None-Match: \"x\"\r\nIf-Modified-Since: " + date + "\r\n"), 200);
  EXPECT_EQ(status("If-Match: \"x\"\r\nIf-None-Match: " + tag + "\r\n"), 412);
  EXPECT_EQ(status("If-Unmodified-Since: " + earlier() + "\r\nIf-None-Match: " + tag + "\r\n"), 412);
}

TEST_F(rfc9110_13_2_files, conditions_come_before_the_range) {
  EXPECT_EQ(status("If-None-Match: " + tag + "\r\nRange: bytes=0-1\r\n"), 304);
  EXPECT_EQ(status("If-Match: \"x\"\r\nRange: bytes=0-1\r\n"), 412);
  EXPECT_EQ(status("If-None-Match: " + tag + "\r\nRange: bytes=100-\r\n"), 304);
}

TEST_F(rfc9110_13_2_files, conditions_of_what_is_not_there_do_not_matter) {
  EXPECT_EQ(get("none", "If-Match: \"x\"\r\n").status, 404);
  EXPECT_EQ(get("none", "If-None-Match: *\r\n").status, 404);
}

TEST_F(rfc9110_15_4_5_files, not_modified_has_what_caches_need_and_nothing_else) {
  const answer a = get("a.txt", "If-None-Match: " + tag + "\r\n");
  EXPECT_EQ(a.field("ETag"), tag);
  EXPECT_EQ(a.field("Cache-Control"), "no-cache");
  EXPECT_TRUE(a.has("Date"));
  for (const char* name : {"Content-Type", "Last-Modified", "Content-Length", "Accept-Ranges"})
    EXPECT_FALSE(a.has(name)) << name;
}

} // namespace
} // namespace perron::testing
