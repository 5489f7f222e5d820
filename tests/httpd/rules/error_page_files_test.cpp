// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/error_page_files.hpp>

#include "httpd/rules/temporary_folder.hpp"

#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace perron::testing {
namespace {

using namespace httpd;

TEST(error_page_files, the_closest_page_is_filled_and_escaped) {
  const temporary_folder folder;
  router r;
  r.errors(error_pages_from({{"all", folder.write("all", "all {{status}} {{reason}}")},
                             {"4xx", folder.write("4xx", "4xx {{method}} {{host}}")},
                             {"404", folder.write("404", "<p>{{path}}: {{why}}</p>{ {{status}}")}}));
  r.get("/fail/:code",
        [](request& q) -> response { throw http_error(std::stoi(q.param("code")), "no <b> & \"more\""); });
  test_client client(std::move(r));
  const header_list page{{"Accept", "text/html"}};
  const auto a = client.get("/fail/404?x", page);
  EXPECT_EQ(a.status, 404);
  EXPECT_EQ(a.body, "<p>/fail/404: no &lt;b&gt; &amp; &quot;more&quot;</p>{ 404");
  EXPECT_EQ(a.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(a.header("Vary"), "Accept");
  EXPECT_EQ(client.get("/<script>", page).body, "<p>/&lt;script&gt;: </p>{ 404");
  EXPECT_EQ(client.get("/fail/403", page).body, "4xx GET test");
  EXPECT_EQ(client.get("/fail/503", page).body, "all 503 Service Unavailable");
}

TEST(error_page_files, clients_that_like_something_else_get_that) {
  const temporary_folder folder;
  router r;
  r.errors(error_pages_from({{"404", folder.write("404", "page")}}));
  r.get("/bad", [](request&) -> response { throw http_error(400, ""); });
  test_client client(std::move(r));
  EXPECT_EQ(client.get("/x").body, "page");
  EXPECT_EQ(client.get("/x", {{"Accept", "text/html;q=0.9, */*;q=0.8"}}).body, "page");
  EXPECT_EQ(client.get("/x", {{"Accept", "application/json"}}).header("Content-Type"), "application/json");
  EXPECT_EQ(client.get("/x", {{"Accept", "text/plain"}}).body, "404 Not Found\n");
  EXPECT_EQ(client.get("/bad").status, 400);
}

TEST(error_page_files, bad_ones_are_refused) {
  const temporary_folder folder;
  const std::string good = folder.write("good", "x");
  for (const char* statuses : {"", "200", "3xx", "4x", "40x", "600", "ALL"})
    EXPECT_FALSE(check(error_page_file{statuses, good})) << statuses;
  EXPECT_FALSE(check(error_page_file{"404", folder.file("none")}));
  EXPECT_FALSE(check(error_page_file{"404", folder.path()}));
  for (const char* text : {"{{", "{{}}", "{{none}}", "{{status", "{{ status }}"})
    EXPECT_FALSE(check(error_page_file{"404", folder.write("bad", text)})) << text;
  EXPECT_TRUE(check(error_page_file{"404", folder.write("fine", "{ } }} { {")}));
  EXPECT_THROW(error_pages_from({{"404", folder.file("none")}}), std::invalid_argument);
}

} // namespace
} // namespace perron::testing
