// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/target.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace perron::httpd;

std::string path_of(std::string_view raw) {
  std::string scratch;
  const auto target = normalise_target(raw, scratch);
  return target ? std::string(target->path) : target.error().text;
}

void expect_refused(std::string_view raw, std::string_view text) {
  std::string scratch;
  const auto target = normalise_target(raw, scratch);
  ASSERT_FALSE(target) << raw;
  EXPECT_EQ(target.error().code, 400);
  EXPECT_EQ(target.error().text, std::string(text) + " of the request target");
}

TEST(target, plain_path_is_not_copied) {
  const std::string raw = "/rooms/a-b_c~d.e/messages?after=1";
  std::string scratch = "untouched";
  const auto target = normalise_target(raw, scratch);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/rooms/a-b_c~d.e/messages");
  EXPECT_EQ(target->path.data(), raw.data());
  EXPECT_EQ(target->query.raw(), "after=1");
  EXPECT_EQ(scratch, "untouched");
}

TEST(target, empty_path_is_the_root) {
  EXPECT_EQ(path_of(""), "/");
  EXPECT_EQ(path_of("?a"), "/");
  EXPECT_EQ(path_of("/"), "/");
}

TEST(target, path_begins_with_a_slash) {
  expect_refused("a", "path does not begin with a slash at byte 0");
  expect_refused("*", "path does not begin with a slash at byte 0");
  expect_refused("%2Fa", "path does not begin with a slash at byte 0");
}

TEST(target, query_begins_at_the_first_question_mark) {
  std::string scratch;
  EXPECT_EQ(normalise_target("/a?b?c", scratch)->query.raw(), "b?c");
  EXPECT_EQ(normalise_target("/a?", scratch)->query.raw(), "");
  EXPECT_EQ(normalise_target("/a%3Fb?c", scratch)->path, "/a?b");
  EXPECT_EQ(normalise_target("/a?/../b", scratch)->query.raw(), "/../b");
}

TEST(rfc3986_6_2_2_2, escapes_are_decoded_once) {
  EXPECT_EQ(path_of("/%41%62%63"), "/Abc");
  EXPECT_EQ(path_of("/a%20b%7e"), "/a b~");
  EXPECT_EQ(path_of("/%c3%BC"), "/\xc3\xbc");
  EXPECT_EQ(path_of("/%3a%2A"), "/:*");
  EXPECT_EQ(path_of("/a+b"), "/a+b");
}

TEST(target, encoded_slash_and_percent_sign_stay_encoded) {
  EXPECT_EQ(path_of("/a%2fb%2Fc"), "/a%2Fb%2Fc");
  EXPECT_EQ(path_of("/100%25"), "/100%25");
  EXPECT_EQ(path_of("/%252F"), "/%252F");
  EXPECT_EQ(path_of("/..%2f..%2fetc"), "/..%2F..%2Fetc");
  EXPECT_EQ(path_of("/%252e%252e/a"), "/%252e%252e/a");
}

TEST(rfc3986_5_2_4, dot_segments_are_removed) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases{
      {"/a/b/c/./../../g", "/a/g"},
      {"/.", "/"},
      {"/..", "/"},
      {"/./", "/"},
      {"/../", "/"},
      {"/a/.", "/a/"},
      {"/a/..", "/"},
      {"/a/b/..", "/a/"},
      {"/a/b/../", "/a/"},
      {"/a/b/../c", "/a/c"},
      {"/../../a", "/a"},
      {"/a/../../../b/c", "/b/c"},
      {"/a/./b/./c", "/a/b/c"},
      {"/.a/..b/c./d..", "/.a/..b/c./d.."},
      {"/.../", "/.../"},
      {"/./.well-known/x", "/.well-known/x"},
  };
  for (const auto& [raw, path] : cases)
    EXPECT_EQ(path_of(raw), path) << raw;
}

TEST(rfc3986_5_2_4, empty_segments_are_segments) {
  EXPECT_EQ(path_of("//"), "//");
  EXPECT_EQ(path_of("//a//b//"), "//a//b//");
  EXPECT_EQ(path_of("/a//../b"), "/a/b");
  EXPECT_EQ(path_of("/a//./b"), "/a//b");
  EXPECT_EQ(path_of("//.."), "/");
}

TEST(rfc3986_6_2_2_3, encoded_dots_are_dots) {
  EXPECT_EQ(path_of("/a/%2e%2E/b"), "/b");
  EXPECT_EQ(path_of("/a/.%2e/b"), "/b");
  EXPECT_EQ(path_of("/a/%2e/b"), "/a/b");
  EXPECT_EQ(path_of("/%2e%2e/%2e%2e/etc/passwd"), "/etc/passwd");
}

TEST(rfc3986_2_1, bad_escapes_are_refused) {
  expect_refused("/a%", "bad percent escape at byte 2");
  expect_refused("/a%4", "bad percent escape at byte 2");
  expect_refused("/a%4g", "bad percent escape at byte 2");
  expect_refused("/a%%41", "bad percent escape at byte 2");
  expect_refused("/a%u0041", "bad percent escape at byte 2");
  expect_refused("/?a=%", "bad percent escape at byte 4");
  expect_refused("/?a=%zz", "bad percent escape at byte 4");
}

TEST(target, control_characters_are_refused) {
  expect_refused("/a%00", "NUL at byte 2");
  expect_refused("/a%0d%0aB:c", "control character at byte 2");
  expect_refused("/a%7f", "control character at byte 2");
  expect_refused("/a\tb", "control character at byte 2");
  expect_refused("/?a%00", "NUL at byte 3");
  EXPECT_EQ(path_of("/?a=%0d%0a"), "/");
}

TEST(rfc3629_4, bad_utf8_is_refused_wherever_it_stands) {
  for (const std::string_view bytes :
       {"%80", "%bf", "%c0%80", "%c1%bf", "%c3", "%c3%41", "%c3%c3", "%e0%80%80", "%e0%9f%bf", "%e2%82",
        "%ed%a0%80", "%ed%bf%bf", "%f0%80%80%80", "%f0%8f%bf%bf", "%f4%90%80%80", "%f5%80%80%80", "%ff",
        "%fe", "\xff"}) {
    for (const std::string_view start : {"/", "/?", "/?a=", "/b"}) {
      std::string scratch;
      const auto target = normalise_target(std::string(start) + std::string(bytes), scratch);
      ASSERT_FALSE(target) << start << bytes;
      EXPECT_NE(target.error().text.find("bad UTF-8"), std::string::npos) << target.error().text;
    }
    EXPECT_NE(path_of("/" + std::string(bytes) + "/c").find("bad UTF-8"), std::string::npos) << bytes;
  }
}

TEST(rfc3629_3, good_utf8_at_its_edges) {
  for (const std::string_view bytes : {"%c2%80", "%df%bf", "%e0%a0%80", "%ed%9f%bf", "%ee%80%80", "%ef%bf%bf",
                                       "%f0%90%80%80", "%f4%8f%bf%bf"})
    EXPECT_NE(path_of("/" + std::string(bytes))[1], 'b') << bytes;
  EXPECT_EQ(path_of("/\xe2%82\xac"), "/\xe2\x82\xac");
}

TEST(target, scratch_can_be_used_again) {
  std::string scratch;
  EXPECT_EQ(normalise_target("/a%20long-path/that-is-longer", scratch)->path, "/a long-path/that-is-longer");
  EXPECT_EQ(normalise_target("/%62", scratch)->path, "/b");
}

TEST(target, decode_segment_gives_what_was_meant) {
  EXPECT_EQ(decode_segment("a%2Fb"), "a/b");
  EXPECT_EQ(decode_segment("%252F"), "%2F");
  EXPECT_EQ(decode_segment("100%25"), "100%");
  EXPECT_EQ(decode_segment("a+b"), "a+b");
  EXPECT_EQ(decode_segment(""), "");
}

TEST(query, gives_the_first_value_of_a_name) {
  const query_view query("ms=30&room=a%20b&ms=40&flag&empty=&x=y=z");
  EXPECT_EQ(query.get("ms"), "30");
  EXPECT_EQ(query.get("room"), "a b");
  EXPECT_EQ(query.get("flag"), "");
  EXPECT_EQ(query.get("empty"), "");
  EXPECT_EQ(query.get("x"), "y=z");
  EXPECT_EQ(query.get("m"), std::nullopt);
  EXPECT_EQ(query.get("mss"), std::nullopt);
  EXPECT_EQ(query.get("MS"), std::nullopt);
  EXPECT_TRUE(query.contains("flag"));
  EXPECT_EQ(query_view{}.get("a"), std::nullopt);
}

TEST(query, plus_is_a_blank_and_names_are_decoded) {
  const query_view query("a+b%26=c+d%2B%26&%c3%bc=1");
  EXPECT_EQ(query.get("a b&"), "c d+&");
  EXPECT_EQ(query.get("\xc3\xbc"), "1");
}

TEST(query, empty_pairs_are_none) {
  const query_view query("&&a=1&&=2&");
  EXPECT_EQ(query.get("a"), "1");
  EXPECT_EQ(query.get(""), "2");
  EXPECT_EQ(query_view("&").get(""), std::nullopt);
  EXPECT_EQ(query_view("=").get(""), std::nullopt);
}

TEST(query, numbers) {
  const query_view query("a=30&b=-1&c=3x&d=&e=18446744073709551615&f=18446744073709551616&g=+1");
  EXPECT_EQ(query.number("a"), 30U);
  EXPECT_EQ(query.number("e"), UINT64_MAX);
  for (const std::string_view name : {"b", "c", "d", "f", "g", "h"})
    EXPECT_EQ(query.number(name), std::nullopt) << name;
}

TEST(query, each_gives_all_pairs_in_order) {
  std::vector<std::pair<std::string, std::string>> pairs;
  query_view("a=1&b&a=%32").each([&](std::string name, std::string value) {
    pairs.emplace_back(std::move(name), std::move(value));
  });
  EXPECT_EQ(pairs, (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", ""}, {"a", "2"}}));
}

} // namespace
