// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/load.hpp>
#include <perron/httpd/program/config/print.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

using namespace perron::httpd::program;
using testing::HasSubstr;
using testing::Not;

namespace {

configuration read(std::string_view text) {
  auto read = load_text(text, "perron.toml", false);
  EXPECT_EQ(to_text(read.errors), "") << text;
  return std::move(read.value);
}

constexpr std::string_view large = R"(
[server]
user = "www"
name = ""
control_mode = "0660"
[log]
formats = { "short" = "$status \"$request\"" }
rotate_size = "10M"
keep = 2
[admin]
listen = "unix:/run/admin.sock"
[limits]
idle_time = "1h1s"
[defaults]
cache_control = "no-cache"
cors = { origins = ["*"], methods = [] }
redirects = [ { from = "/a", to = "/b", keep_query = false } ]
auth = { users = { bob = "$2y$05$x" } }
error_pages = { 404 = "/e/404.html" }
[[listener]]
name = "plain text"
listen = [":80", "unix:/x"]
[[listener]]
listen = "[::1]:443"
[listener.tls]
client = "required"
client_ca = "ca.pem"
certificates = [ { certificate = "a", key = "b" }, { certificate = "c" } ]
[[site]]
names = ["example.org", "*.example.org"]
root = ["/srv/a", "/srv/b"]
certificate = "site.pem"
hsts = "1h"
[site.headers]
set = { "X-A" = "tab\tand \\ and \"quotes\"" }
[site.compression]
types = ["text/*"]
[[site.location]]
path = "/one"
auth = false
cors = { credentials = false, max_age = "5s" }
redirects = []
index = []
compression = false
cache_control = { "text/html" = "x" }
[[site.location]]
path = "/two/"
return = 410
body = "gone\n"
cache_control = ""
[[site.location]]
path = "/three/"
redirect = "https://example.com{path}"
redirect_status = 307
[[site]]
names = "other.org"
listeners = "plain text"
module = "none"
)";

TEST(print, what_is_printed_is_what_was_read) {
  auto text = std::string(large);
  text.resize(text.rfind("module"));
  auto first = read(text + "root = \"/\"\n");
  const auto printed = to_toml(first);
  auto again = read(printed);
  again.file = first.file;
  again.files = first.files;
  EXPECT_TRUE(again == first) << printed;
  EXPECT_EQ(to_toml(again), printed);
}

TEST(print, has_defaults_of_sites_and_differences_of_locations) {
  const auto printed =
      to_toml(read("[[site]]\nroot = \"/\"\n[[site.location]]\npath = \"/x\"\nhidden = true\n"));
  EXPECT_THAT(printed, HasSubstr("drain_time = \"30s\"\n"));
  EXPECT_THAT(printed, HasSubstr("hidden = false\n"));
  EXPECT_THAT(printed, HasSubstr("[[site.location]]\npath = \"/x\"\nhidden = true\n\n"));
  EXPECT_THAT(printed, Not(HasSubstr("pid_file")));
}

} // namespace
