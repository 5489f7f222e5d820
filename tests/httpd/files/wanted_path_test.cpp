// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/wanted_path.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace perron::httpd::files;
using namespace std::string_view_literals;

TEST(is_wanted_path, names_of_files_and_folders) {
  for (const auto path : {""sv, "a"sv, "a/b"sv, "a/"sv, "a/b/"sv, "a..b"sv, "a."sv, "..."sv, "a\\b"sv, "~"sv,
                          " "sv, ".well-known/x"sv, "\xc3\xa9"sv})
    EXPECT_TRUE(is_wanted_path(path, path == "...")) << path;
}

TEST(is_wanted_path, nothing_that_climbs_or_is_absolute) {
  for (const auto path : {"/"sv, "/etc/passwd"sv, ".."sv, "../a"sv, "a/../b"sv, "a/.."sv, "."sv, "./a"sv,
                          "a/./b"sv, "a//b"sv, "a//"sv, "a\0b"sv, "\0"sv, "a/../"sv})
    for (const bool hidden : {false, true})
      EXPECT_FALSE(is_wanted_path(path, hidden)) << path;
}

TEST(is_wanted_path, hidden_names_only_if_wanted) {
  for (const auto path :
       {".a"sv, "a/.b"sv, ".a/b"sv, "a/.well-known/b"sv, ".well-known/.a"sv, ".well-knownx"sv}) {
    EXPECT_FALSE(is_wanted_path(path, false)) << path;
    EXPECT_TRUE(is_wanted_path(path, true)) << path;
  }
}

TEST(path_to_try, placeholder_is_the_path) {
  EXPECT_EQ(path_to_try("{path}.html", "a/b"), "a/b.html");
  EXPECT_EQ(path_to_try("/{path}/index.html", "a/"), "a/index.html");
  EXPECT_EQ(path_to_try("/index.html", "a"), "index.html");
  EXPECT_EQ(path_to_try("{path}/index.html", ""), "index.html");
  EXPECT_EQ(path_to_try("/", "x"), "");
  EXPECT_EQ(path_to_try("{path}", "{path}"), "{path}");
}

TEST(to_uri_path, rfc3986_3_3) {
  EXPECT_EQ(to_uri_path("/a b/c?d#e%f:g"), "/a%20b/c%3Fd%23e%25f%3Ag");
  EXPECT_EQ(to_uri_path("\xc3\xa9<>\"'"), "%C3%A9%3C%3E%22'");
}

} // namespace
