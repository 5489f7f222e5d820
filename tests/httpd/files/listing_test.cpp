// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/listing.hpp>

#include "httpd/files/files_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace perron::testing {
namespace {

using namespace std::chrono_literals;
using namespace httpd::files;

class listing : public files_fixture {
protected:
  void SetUp() override {
    files_fixture::SetUp();
    write("b.txt", "22", 1h);
    write("a.txt", "4444", 2h);
    write("c.txt", "1", 3h);
    write("sub/x.txt", "x");
    write("with_index/index.html", "index");
    write(".hidden", "x");
    write("../outside.txt", "secret");
    serve_files({.listing = httpd::file_listing::html});
  }

  nlohmann::json json_of(std::string_view path) {
    const answer a = get(path, "Accept: application/json\r\n");
    EXPECT_EQ(a.field("Content-Type"), "application/json");
    return nlohmann::json::parse(a.body, nullptr, false);
  }
  static std::vector<std::string> names(const nlohmann::json& list) {
    std::vector<std::string> all;
    for (const auto& entry : list.value("entries", nlohmann::json::array()))
      all.push_back(entry.value("name", ""));
    return all;
  }
};

TEST_F(listing, folder_without_an_index_is_listed) {
  const answer a = get("");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(a.field("Vary"), "Accept");
  for (const char* text :
       {"<a href=\"a.txt\">", "<a href=\"sub/?sort=name&amp;order=asc\">", "?sort=size&amp;order=asc"})
    EXPECT_NE(a.body.find(text), std::string::npos) << text << '\n' << a.body;
  EXPECT_EQ(a.body.find("hidden"), std::string::npos);
  EXPECT_EQ(a.body.find("<script"), std::string::npos);
  EXPECT_EQ(a.body.find("../"), std::string::npos);
  EXPECT_NE(get("sub/").body.find("href=\"../"), std::string::npos);
  EXPECT_EQ(get("with_index/").body, "index");
  EXPECT_EQ(get("sub").field("Location"), "/static/sub/");
  EXPECT_EQ(get("none/").status, 404);
}

TEST_F(listing, json_is_for_who_likes_it_better) {
  const auto all = json_of("");
  EXPECT_EQ(all.value("path", ""), "/static/");
  EXPECT_EQ(all.value("complete", false), true);
  EXPECT_EQ(names(all), (std::vector<std::string>{"sub", "with_index", "a.txt", "b.txt", "c.txt"}));
  const auto& file = all["entries"][2];
  EXPECT_EQ(file.value("type", ""), "file");
  EXPECT_EQ(file.value("size", 0), 4);
  EXPECT_EQ(file.value("modified", "").size(), std::string("2026-01-31T12:00:00Z").size());
  EXPECT_EQ(all["entries"][0].value("type", ""), "folder");
  EXPECT_FALSE(all["entries"][0].contains("size"));
}

TEST_F(listing, query_sorts) {
  EXPECT_EQ(names(json_of("?sort=size"))[2], "c.txt");
  EXPECT_EQ(names(json_of("?sort=size&order=desc"))[2], "a.txt");
  EXPECT_EQ(names(json_of("?sort=time"))[2], "c.txt");
  EXPECT_EQ(names(json_of("?sort=time&order=desc"))[2], "b.txt");
  EXPECT_EQ(names(json_of("?order=desc"))[2], "c.txt");
  EXPECT_EQ(names(json_of("?sort=colour&order=up"))[2], "a.txt");
  EXPECT_NE(get("?sort=size").body.find("aria-sort=\"ascending\"><a href=\"?sort=size&amp;order=desc\""),
            std::string::npos);
}

TEST_F(listing, names_are_escaped) {
  const std::string name = "<b>&\"'#?% :\xc3\xa9.txt";
  write(name, "odd");
  const answer a = get("");
  EXPECT_EQ(a.body.find("<b>"), std::string::npos);
  EXPECT_NE(a.body.find("&lt;b&gt;&amp;"), std::string::npos);
  const auto at = a.body.find("<a href=\"%3Cb");
  ASSERT_NE(at, std::string::npos);
  std::string link = a.body.substr(at + 9, a.body.find('"', at + 9) - at - 9);
  EXPECT_EQ(get(link).body, "odd") << link;
  EXPECT_EQ(names(json_of(""))[2], name);
}

TEST_F(listing, what_cannot_be_asked_for_is_left_out) {
  write("bad\xff.txt", "x");
  write("line\nbreak", "x");
  ASSERT_EQ(::mkfifo((root() / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink("../outside.txt", root() / "out.txt");
  std::filesystem::create_symlink("/etc", root() / "etc");
  std::filesystem::create_symlink("a.txt", root() / "in.txt");
  std::filesystem::create_symlink("nowhere", root() / "broken");
  EXPECT_EQ(names(json_of("")),
            (std::vector<std::string>{"sub", "with_index", "a.txt", "b.txt", "c.txt", "in.txt"}));
}

TEST_F(listing, huge_folder_is_cut) {
  for (int i = 0; i < 20; ++i)
    write("many/" + std::to_string(i), "x");
  serve_files({.listing = httpd::file_listing::html, .listing_limit = 7});
  const auto all = json_of("many/");
  EXPECT_EQ(names(all).size(), 7U);
  EXPECT_EQ(all.value("complete", true), false);
  EXPECT_NE(get("many/").body.find("more than these 7"), std::string::npos);
}

TEST_F(listing, json_only_and_off) {
  serve_files({.listing = httpd::file_listing::json});
  EXPECT_EQ(get("", "Accept: text/html\r\n").field("Content-Type"), "application/json");
  serve_files();
  EXPECT_EQ(get("").status, 404);
  EXPECT_EQ(get("sub/").status, 404);
}

TEST_F(listing, path_in_the_title_is_escaped) {
  write("<i>/x", "x");
  const answer a = get("%3Ci%3E/");
  EXPECT_EQ(a.body.find("<i>"), std::string::npos);
  EXPECT_NE(a.body.find("/static/&lt;i&gt;/"), std::string::npos);
}

} // namespace
} // namespace perron::testing
