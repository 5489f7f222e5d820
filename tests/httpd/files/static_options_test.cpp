// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/static_options.hpp>

#include "httpd/files/files_fixture.hpp"

#include <perron/httpd/http_date.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace perron::testing {
namespace {

using namespace std::chrono_literals;
using httpd::cache_rules;
using httpd::file_cache_options;

constexpr file_cache_options always_look{.fresh = 0ms};

class static_options : public files_fixture {
protected:
  std::string below(const std::string& name) const { return (root() / name).string(); }
};

TEST_F(static_options, file_is_that_of_the_first_root_that_has_it) {
  write("one/a.txt", "one");
  write("two/a.txt", "two");
  write("two/b.txt", "two");
  write("two/sub/index.html", "two");
  write("one/sub/x.txt", "one");
  serve_files({.root = {below("one"), below("two")}, .cache = always_look});
  EXPECT_EQ(get("a.txt").body, "one");
  EXPECT_EQ(get("b.txt").body, "two");
  EXPECT_EQ(get("sub/").body, "two"); // the folder of the first one has no index
  EXPECT_EQ(get("c.txt").status, 404);
  std::filesystem::remove(root() / "one/a.txt");
  EXPECT_EQ(get("a.txt").body, "two");
}

TEST_F(static_options, index_is_the_first_that_is_there) {
  write("both/index.htm", "htm");
  write("both/index.html", "html");
  write("second/index.html", "html");
  serve_files({.index = {"index.htm", "index.html"}, .cache = always_look});
  EXPECT_EQ(get("both/").body, "htm");
  EXPECT_EQ(get("second/").body, "html");
  EXPECT_EQ(get("").status, 404);
}

TEST_F(static_options, without_an_index_a_folder_has_none) {
  write("index.html", "html");
  serve_files({.index = {}});
  EXPECT_EQ(get("").status, 404);
  EXPECT_EQ(get("index.html").status, 200);
}

TEST_F(static_options, try_files_are_tried_in_order) {
  write("page.html", "page");
  write("app.html", "app");
  write("folder/x.txt", "x");
  serve_files({.try_files = {"{path}.html", "app.html"}, .cache = always_look});
  EXPECT_EQ(get("page").body, "page");
  EXPECT_EQ(get("some/where").body, "app");
  EXPECT_EQ(get("some/where/").body, "app");
  EXPECT_EQ(get("page/").body, "page");
  EXPECT_EQ(get("").body, "app");
  EXPECT_EQ(get("folder/").body, "app");
  EXPECT_EQ(get("folder/x.txt").body, "x");
  EXPECT_EQ(get("some/where").field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(get(".hidden").status, 404);
}

TEST_F(static_options, try_files_lead_nowhere_else) {
  write("../secret.html", "secret");
  serve_files({.try_files = {"../secret.html", "{path}/../../secret.html", "/../secret.html"}});
  EXPECT_EQ(get("x").status, 404);
}

TEST_F(static_options, hidden_files_are_not_there_unless_wanted) {
  write(".git/config", "x");
  write("a/.env", "x");
  write(".well-known/security.txt", "x");
  write("a/.well-known/x", "x");
  serve_files();
  EXPECT_EQ(get(".git/config").status, 404);
  EXPECT_EQ(get("a/.env").status, 404);
  EXPECT_EQ(get(".well-known/security.txt").status, 200);
  EXPECT_EQ(get("a/.well-known/x").status, 404);
  serve_files({.hidden = true});
  EXPECT_EQ(get(".git/config").status, 200);
  EXPECT_EQ(get("a/.env").status, 200);
}

TEST_F(static_options, links_are_not_followed_unless_wanted) {
  write("real/a.txt", "a");
  std::filesystem::create_symlink("real/a.txt", root() / "link.txt");
  std::filesystem::create_symlink("real", root() / "link");
  serve_files();
  EXPECT_EQ(get("link.txt").body, "a");
  EXPECT_EQ(get("link/a.txt").body, "a");
  serve_files({.follow_links = false});
  EXPECT_EQ(get("link.txt").status, 404);
  EXPECT_EQ(get("link/a.txt").status, 404);
  EXPECT_EQ(get("real/a.txt").body, "a");
}

TEST_F(static_options, cache_control_goes_by_type) {
  write("a.html", "x");
  write("a.png", "x");
  write("a.css", "x");
  serve_files({.cache_control = {{"text/html", "no-cache"}, {"image/*", "max-age=60, public"}, {"*", ""}},
               .expires = true});
  EXPECT_EQ(get("a.html").field("Cache-Control"), "no-cache");
  EXPECT_FALSE(get("a.html").has("Expires"));
  const answer image = get("a.png");
  EXPECT_EQ(image.field("Cache-Control"), "max-age=60, public");
  const auto sent = httpd::parse_http_date(image.field("Date"), {});
  const auto expires = httpd::parse_http_date(image.field("Expires"), {});
  ASSERT_TRUE(sent && expires);
  EXPECT_LE(*expires, *sent + 60s);
  EXPECT_GE(*expires, *sent + 50s); // the Date may be a little later
  EXPECT_FALSE(get("a.css").has("Cache-Control"));
}

TEST_F(static_options, types_and_charset_are_as_told) {
  write("a.txt", "x");
  write("a.foo", "x");
  write("a.bar", "x");
  write("nothing", "x");
  write("mime.types", "# own\ntext/x-bar bar baz\ntext/x-own txt\n");
  serve_files({.charset = "iso-8859-1",
               .mime_types = below("mime.types"),
               .types = {{"foo", "application/x-foo"}},
               .default_type = ""});
  EXPECT_EQ(get("a.txt").field("Content-Type"), "text/x-own; charset=iso-8859-1");
  EXPECT_EQ(get("a.foo").field("Content-Type"), "application/x-foo");
  EXPECT_EQ(get("a.bar").field("Content-Type"), "text/x-bar; charset=iso-8859-1");
  EXPECT_FALSE(get("nothing").has("Content-Type"));
}

TEST_F(static_options, folder_without_a_slash_is_sent_to_one_with) {
  write("sub/index.html", "index");
  write("odd #?%/index.html", "odd");
  serve_files();
  const answer a = get("sub?a=1&b=%20");
  EXPECT_EQ(a.status, 301);
  EXPECT_EQ(a.field("Location"), "/static/sub/?a=1&b=%20");
  EXPECT_EQ(head("sub").field("Location"), "/static/sub/");
  const std::string place = get("odd%20%23%3F%25").field("Location");
  EXPECT_EQ(place, "/static/odd%20%23%3F%25/");
  EXPECT_EQ(client().get(place).body, "odd");
}

TEST_F(static_options, redirect_never_leads_to_another_host) {
  write("example.org/index.html", "x");
  httpd::router r;
  r.get("/*path", httpd::static_files({.root = root().string()}));
  serve(std::move(r));
  for (const char* target :
       {"//example.org", "//example.org/", "/%2Fexample.org", "/\\example.org", "///example.org"}) {
    const answer a = client().get(target);
    EXPECT_TRUE(a.status == 404 || a.status == 400) << target << ' ' << a.status;
  }
  EXPECT_EQ(client().get("/example.org").field("Location"), "/example.org/");
}

TEST_F(static_options, other_methods_are_told_which_there_are) {
  write("a.txt", "x");
  httpd::router r;
  r.any("/any/*path", httpd::static_files({.root = root().string()}));
  r.get("/get/*path", httpd::static_files({.root = root().string()}));
  serve(std::move(r));
  for (const std::string way : {"any", "get"}) {
    const auto ask = [&](const std::string& method) {
      return client().ask(method + " /" + way + "/a.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
    };
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
      EXPECT_EQ(ask(method).status, 405) << way << method;
      EXPECT_EQ(ask(method).field("Allow"), "GET, HEAD, OPTIONS");
    }
    EXPECT_EQ(ask("OPTIONS").status / 100, 2) << way;
    EXPECT_EQ(ask("OPTIONS").field("Allow"), "GET, HEAD, OPTIONS");
  }
}

TEST_F(static_options, mistakes_are_told_at_once) {
  std::filesystem::create_directories(root());
  write("bad.types", "text/plain txt\nnonsense\n");
  const auto make = [&](httpd::static_options options) {
    options.root = root().string();
    static_cast<void>(httpd::static_files(std::move(options)));
  };
  EXPECT_THROW(static_cast<void>(httpd::static_files({})), std::invalid_argument);
  EXPECT_THROW(make({.mime_types = below("none")}), std::runtime_error);
  EXPECT_THROW(make({.mime_types = below("bad.types")}), std::runtime_error);
  EXPECT_THROW(make({.types = {{"x", "no type"}}}), std::runtime_error);
}

TEST(cache_rules, first_that_fits_holds) {
  const cache_rules by_type{{"text/html", "a"}, {"TEXT/*", "b"}, {"image/png", "c"}};
  EXPECT_EQ(by_type.value_for("text/html; charset=utf-8"), "a");
  EXPECT_EQ(by_type.value_for("text/css"), "b");
  EXPECT_EQ(by_type.value_for("image/png"), "c");
  EXPECT_EQ(by_type.value_for("image/gif"), "");
  EXPECT_EQ(by_type.value_for(""), "");
  EXPECT_EQ(cache_rules("x").value_for("a/b"), "x");
  EXPECT_EQ(cache_rules().value_for("a/b"), "");
}

} // namespace
} // namespace perron::testing
