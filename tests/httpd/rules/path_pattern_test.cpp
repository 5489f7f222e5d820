// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/path_pattern.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;

/// "name=value ..." if the path is so, "no" if not.
std::string matched(std::string_view pattern, std::string_view path) {
  const auto parsed = path_pattern::parse(pattern);
  if (!parsed)
    return "bad: " + parsed.error().text;
  path_captures captures;
  if (!parsed->match(path, captures))
    return "no";
  std::string all;
  for (const auto& [name, value] : captures)
    all += std::string(name) + '=' + std::string(value) + ' ';
  return all;
}

std::string filled(std::string_view pattern, std::string_view to, std::string_view path,
                   std::string_view query = {}, bool keep_query = true) {
  const auto from = path_pattern::parse(pattern);
  if (!from)
    return "bad pattern: " + from.error().text;
  const auto made = path_template::parse_location(to, *from);
  if (!made)
    return "bad";
  path_captures captures;
  if (!from->match(path, captures))
    return "no";
  return made->fill(captures, {path, query, "example.org:8080", "https"}, keep_query);
}

TEST(path_pattern, text_stands_for_itself) {
  EXPECT_EQ(matched("/old.html", "/old.html"), "");
  EXPECT_EQ(matched("/old.html", "/old.htm"), "no");
  EXPECT_EQ(matched("/old.html", "/old.html/"), "no");
  EXPECT_EQ(matched("/old.html", "/OLD.html"), "no");
  EXPECT_EQ(matched("/", "/"), "");
  EXPECT_EQ(matched("/a/", "/a"), "no");
  EXPECT_EQ(matched("/a/", "/a/"), "");
  EXPECT_EQ(matched("/a/b", "/a"), "no");
}

TEST(path_pattern, a_name_stands_for_one_or_more_bytes_of_a_segment) {
  EXPECT_EQ(matched("/:year/:post.html", "/2024/hello.html"), "year=2024 post=hello ");
  EXPECT_EQ(matched("/:year/:post.html", "/2024/.html"), "no");
  EXPECT_EQ(matched("/~:user", "/~joe"), "user=joe ");
  EXPECT_EQ(matched("/~:user", "/joe"), "no");
  EXPECT_EQ(matched("/:a", "/x/y"), "no");
  EXPECT_EQ(matched("/a:b-c", "/aa-c"), "b=a ");
  EXPECT_EQ(matched("/ab:x.ba", "/ab.ba"), "no");
}

TEST(path_pattern, the_rest_may_be_anything) {
  EXPECT_EQ(matched("/old/*rest", "/old/"), "rest= ");
  EXPECT_EQ(matched("/old/*rest", "/old/a/b"), "rest=a/b ");
  EXPECT_EQ(matched("/old/*rest", "/old"), "no");
  EXPECT_EQ(matched("/old*rest", "/older/x"), "rest=er/x ");
  EXPECT_EQ(matched("*all", "/a"), "all=/a ");
  EXPECT_EQ(matched("/*page.php", "/a/b.php"), "page=a/b ");
  EXPECT_EQ(matched("/*page.php", "/a/b.html"), "no");
}

TEST(path_pattern, escapes_are_those_of_a_path) {
  EXPECT_EQ(matched("/a%20b", "/a b"), "");
  EXPECT_EQ(matched("/Special%3ASearch", "/Special:Search"), "");
  EXPECT_EQ(matched("/a%2fb", "/a%2Fb"), "");
  EXPECT_EQ(matched("/100%25", "/100%25"), "");
}

TEST(path_pattern, bad_ones_say_why) {
  for (const char* text : {"", "a", "/:", "/*", "/:a:b", "/:a/:a", "/*a/b", "/%", "/%2", "/%zz", "/:a*b"})
    EXPECT_FALSE(path_pattern::parse(text)) << text;
  EXPECT_EQ(path_pattern::parse("old").error().text, "'old' does not begin with '/'");
}

TEST(path_template, names_are_filled_in) {
  EXPECT_EQ(filled("/old/*rest", "/new/{rest}", "/old/a/b"), "/new/a/b");
  EXPECT_EQ(filled("/:y/:p", "/{p}/in/{y}", "/2024/x"), "/x/in/2024");
  EXPECT_EQ(filled("*all", "https://{host}{path}", "/a"), "https://example.org/a");
  EXPECT_EQ(filled("*all", "{scheme}://www.{host}/", "/a"), "bad");
  EXPECT_EQ(filled("*all", "{scheme}://{host}/x", "/a"), "https://example.org/x");
}

TEST(path_template, queries_are_kept_dropped_or_part_of_the_text) {
  EXPECT_EQ(filled("/a", "/b", "/a", "x=1"), "/b?x=1");
  EXPECT_EQ(filled("/a", "/b", "/a", "x=1", false), "/b");
  EXPECT_EQ(filled("/a", "/b?y=2", "/a", "x=1"), "/b?y=2");
  EXPECT_EQ(filled("/a", "/b?y=2&{query}", "/a", "x=1"), "/b?y=2&x=1");
  EXPECT_EQ(filled("/a", "/b#end", "/a", "x=1"), "/b?x=1#end");
}

TEST(rfc3986_2, what_is_data_of_a_path_stays_data) {
  EXPECT_EQ(filled("/o/*r", "/n/{r}", "/o/a?b#c d\r\n%2F%25\\"), "/n/a%3Fb%23c%20d%0D%0A%2F%25%5C");
  EXPECT_EQ(filled("/o/:r", "/n?q={r}", "/o/a&b=c+d"), "/n?q=a%26b%3Dc%2Bd");
}

TEST(path_template, no_path_becomes_a_host) {
  EXPECT_EQ(filled("/old/*rest", "/{rest}", "/old//evil.example"), "/evil.example");
  EXPECT_EQ(filled("/old/*rest", "/{rest}", "/old///evil.example"), "/evil.example");
  EXPECT_EQ(filled("/:u/*rest", "/{rest}/{u}", "/evil.example/"), "/evil.example");
  EXPECT_EQ(filled("*all", "/{path}", "//evil.example"), "/evil.example");
  EXPECT_EQ(filled("/old/*rest", "/{rest}", "/old/\\evil.example"), "/%5Cevil.example");
  EXPECT_EQ(filled("/old/*rest", "https://example.org{rest}", "/old/.evil.example"), "bad");
  EXPECT_EQ(filled("/:a/*rest", "https://{a}/{rest}", "/evil.example/"), "bad");
  EXPECT_EQ(filled("/:a", "//{a}", "/evil.example"), "bad");
}

TEST(path_template, bad_ones_are_refused) {
  for (const char* text : {"", "x", "ftp://a/", "https://", "https:///x", "/{", "/{}", "/{no}", "/}", "/{a",
                           "javascript:alert(1)", "https://a b{path}", "https://u@h/", "https://h:99999/"})
    EXPECT_EQ(filled("/a", text, "/a"), "bad") << text;
  EXPECT_FALSE(path_template::parse_path("https://a/", *path_pattern::parse("/")));
  EXPECT_FALSE(path_template::parse_path("/{host}", *path_pattern::parse("/")));
}

} // namespace
