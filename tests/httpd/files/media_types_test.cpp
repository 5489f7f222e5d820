// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/media_types.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;
using namespace perron::httpd::files;

std::string type_in(std::string_view table, const std::string& extension) {
  const auto read = parse_type_table(table);
  if (!read)
    return "error: " + read.error().text;
  const auto found = read->find(extension);
  return found == read->end() ? std::string() : found->second;
}

TEST(parse_type_table, reads_mime_types) {
  constexpr std::string_view table =
      "# comment\n\ntext/html\t\thtml HTM\napplication/x-none\r\n a/b  c # d\n";
  EXPECT_EQ(type_in(table, "html"), "text/html");
  EXPECT_EQ(type_in(table, "htm"), "text/html");
  EXPECT_EQ(type_in(table, "c"), "a/b");
  EXPECT_EQ(type_in(table, "d"), "");
}

TEST(parse_type_table, reads_globs2) {
  constexpr std::string_view table =
      "# comment\n60:image/x:*.x\n50:text/x:*.x\n50:text/make:makefile\n"
      "50:text/y:*.Y:cs\n50:text/z:*.tar.z\n50:text/q:*.[ab]\n50:a/b:__NOGLOBS__\n";
  EXPECT_EQ(type_in(table, "x"), "image/x");
  EXPECT_EQ(type_in(table, "y"), "");
  EXPECT_EQ(type_in(table, "tar.z"), "text/z");
  EXPECT_EQ(type_in(table, "makefile"), "");
}

TEST(parse_type_table, names_the_line_that_is_none) {
  EXPECT_EQ(type_in("text/html html\nnonsense\n", "html"), "error: line 2: no media type");
  EXPECT_EQ(type_in("50:nonsense:*.x\n", "x"), "error: line 1: no media type");
}

TEST(media_types, longest_extension_decides) {
  const media_types types({.types = {{"tar.gz", "application/x-tgz"}, {".gz", "application/x-gz"}}});
  EXPECT_EQ(types.type_of("a.tar.gz"), "application/x-tgz");
  EXPECT_EQ(types.type_of("v1.2.tar.GZ"), "application/x-tgz");
  EXPECT_EQ(types.type_of("a.gz"), "application/x-gz");
  EXPECT_EQ(types.type_of("tar.gz"), "application/x-gz");
}

TEST(media_types, text_has_a_charset) {
  EXPECT_EQ(media_types({}).type_of("a/b/c.html"), "text/html; charset=utf-8");
  EXPECT_EQ(media_types({}).type_of("a.json"), "application/json");
  EXPECT_EQ(media_types({.charset = "iso-8859-15"}).type_of("c.html"), "text/html; charset=iso-8859-15");
  EXPECT_EQ(media_types({.charset = ""}).type_of("c.html"), "text/html");
  EXPECT_EQ(media_types({.types = {{"x", "text/x; charset=koi8-r"}}}).type_of("a.x"),
            "text/x; charset=koi8-r");
}

TEST(media_types, what_is_not_known_has_the_default) {
  EXPECT_EQ(media_types({}).type_of("a.b/none"), "application/octet-stream");
  EXPECT_EQ(media_types({}).type_of("a.no-such-extension"), "application/octet-stream");
  EXPECT_EQ(media_types({.default_type = "text/plain"}).type_of("README"), "text/plain; charset=utf-8");
  EXPECT_EQ(media_types({}).type_of(std::string(1000, '.')), "application/octet-stream");
  EXPECT_EQ(media_types({}).type_of(std::string(1000, 'a') + ".html"), "text/html; charset=utf-8");
}

} // namespace
