// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/load.hpp>

#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

using namespace perron::httpd::program;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

configuration good(std::string_view text) {
  auto read = load_text(text, "perron.toml", false);
  EXPECT_EQ(to_text(read.errors), "");
  return std::move(read.value);
}

void write(const std::string& file, std::string_view text) { std::ofstream(file) << text; }

TEST(load, one_root_is_a_whole_configuration) {
  const auto c = good("[[site]]\nroot = \"/srv/www\"\n");
  ASSERT_EQ(c.listeners.size(), 1U);
  EXPECT_EQ(c.listeners[0].name, "http");
  EXPECT_THAT(c.listeners[0].listen, ElementsAre(endpoint{.host = "::", .port = 80}));
  EXPECT_FALSE(c.listeners[0].tls);
  ASSERT_EQ(c.sites.size(), 1U);
  EXPECT_TRUE(c.sites[0].is_default);
  EXPECT_THAT(c.sites[0].listeners, ElementsAre("http"));
}

TEST(load, a_certificate_makes_a_tls_listener) {
  const auto c = good("[[site]]\nroot = \"/srv\"\ncertificate = \"/etc/both.pem\"\n");
  ASSERT_EQ(c.listeners.size(), 2U);
  EXPECT_TRUE(c.listeners[1].tls);
  EXPECT_EQ(c.listeners[1].listen[0].port, 443);
  EXPECT_THAT(certificates_of(c, c.listeners[1]),
              ElementsAre(certificate_settings{.certificate = "/etc/both.pem", .key = "/etc/both.pem"}));
}

TEST(load, locations_inherit_from_sites_and_sites_from_defaults) {
  const auto c = good(R"(
[[site]]
root = "/srv/site"
[site.headers]
set = { A = "site", B = "site" }
[[site.location]]
path = "/in/"
headers = { set = { B = "location" } }
cors = false
index = "other.html"
[site.compression]
minimum = 5
[defaults]
max_body = "3M"
cors = { origins = "*" }
[limits]
idle_time = "5s"
[[listener]]
listen = "127.0.0.1:8080"
limits = { max_headers = 7 }
)");
  const auto& site = c.sites.at(0).settings;
  const auto& location = c.sites.at(0).locations.at(0).settings;
  EXPECT_EQ(site.max_body, 3U << 20);
  EXPECT_EQ(location.max_body, 3U << 20);
  EXPECT_TRUE(site.cors);
  EXPECT_FALSE(location.cors);
  EXPECT_THAT(location.roots, ElementsAre("/srv/site"));
  EXPECT_THAT(location.index, ElementsAre("other.html"));
  EXPECT_THAT(site.index, ElementsAre("index.html"));
  EXPECT_THAT(location.headers.set, ElementsAre(text_pair{"A", "site"}, text_pair{"B", "location"}));
  EXPECT_EQ(location.compression.minimum, 5U)
      << "what a site says below its locations counts for them as well";
  EXPECT_EQ(c.listeners.at(0).limits.idle_time, 5s);
  EXPECT_EQ(c.listeners.at(0).limits.max_headers, 7U);
}

TEST(load, cache_control_is_by_the_closest_type) {
  const auto c = good(R"(
[[site]]
root = "/srv"
cache_control = { "*" = "a", "image/*" = "b", "image/png" = "c" }
[[site.location]]
path = "/x"
cache_control = "d"
)");
  EXPECT_THAT(c.sites[0].settings.cache_control,
              ElementsAre(text_pair{"image/png", "c"}, text_pair{"image/*", "b"}, text_pair{"*", "a"}));
  EXPECT_THAT(c.sites[0].locations[0].settings.cache_control, ElementsAre(text_pair{"*", "d"}));
}

TEST(load, hosts_are_lower_case_and_may_be_addresses) {
  const auto c = good(
      "[[site]]\nroot = \"/\"\nnames = [\"WWW.Example.ORG\", \"*.example.org\", \"192.0.2.1\", \"::1\"]\n");
  EXPECT_THAT(c.sites[0].names, ElementsAre("www.example.org", "*.example.org", "192.0.2.1", "::1"));
  EXPECT_FALSE(c.sites[0].is_default);
}

TEST(load, sites_of_a_listener_begin_with_the_default) {
  const auto c = good(R"(
[[listener]]
name = "a"
listen = 8001
[[listener]]
name = "b"
listen = 8002
[[site]]
names = "one.org"
root = "/"
[[site]]
names = "two.org"
root = "/"
default = true
listeners = "b"
)");
  EXPECT_THAT(sites_of(c, c.listeners[0]), ElementsAre(&c.sites[0]));
  EXPECT_THAT(sites_of(c, c.listeners[1]), ElementsAre(&c.sites[1], &c.sites[0]));
}

TEST(load, included_files_follow_in_order_with_paths_of_their_own) {
  const perron::testing::temporary_folder folder;
  const auto path = folder.path().string();
  const auto main = path + "/perron.toml";
  std::filesystem::create_directories(path + "/sites.d/www");
  write(main, "include = \"sites.d/*.toml\"\n[defaults]\nmax_body = 7\n[[site]]\nnames = \"main.org\"\nroot "
              "= \"sites.d\"\n");
  write(path + "/sites.d/b.toml", "[[site]]\nnames = \"b.org\"\nroot = \"www\"\n");
  write(path + "/sites.d/a.toml", "[[site]]\nnames = \"a.org\"\nroot = \"www\"\n");
  write(path + "/sites.d/other.txt", "is not read");
  const auto read = load_file(main);
  EXPECT_EQ(to_text(read.errors), "");
  ASSERT_EQ(read.value.sites.size(), 3U);
  EXPECT_THAT(read.value.files, ElementsAre(main, path + "/sites.d/a.toml", path + "/sites.d/b.toml"));
  for (const auto& site : read.value.sites)
    EXPECT_EQ(site.settings.max_body, 7U);
  const auto& a = read.value.sites[0].names[0] == "main.org" ? read.value.sites[1] : read.value.sites[0];
  EXPECT_THAT(a.names, ElementsAre("a.org"));
  EXPECT_THAT(a.settings.roots, ElementsAre(path + "/sites.d/www"));
  EXPECT_EQ(a.place.to_string(), path + "/sites.d/a.toml:1:1");
}

TEST(load, a_folder_of_includes_may_be_empty) {
  const perron::testing::temporary_folder folder;
  const auto path = folder.path().string();
  write(path + "/perron.toml", "include = \"*.d.toml\"\n[[site]]\nroot = \".\"\n");
  EXPECT_EQ(to_text(load_file(path + "/perron.toml").errors), "");
}

TEST(load, a_file_that_is_not_there) {
  EXPECT_EQ(to_text(load_file("/nowhere/perron.toml").errors),
            "/nowhere/perron.toml: No such file or directory; name the file of the configuration\n");
  EXPECT_FALSE(load("/nowhere/perron.toml"));
}

/// Makes a key and a certificate for it, as an administrator would.
void make_certificate(const std::string& name) {
  const auto command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=" +
      std::string("example.org") + " -keyout " + name + ".key -out " + name + ".pem 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
}

TEST(load, keys_must_be_those_of_their_certificates) {
  const perron::testing::temporary_folder folder;
  const auto path = folder.path().string() + '/';
  make_certificate(path + "one");
  make_certificate(path + "two");
  ASSERT_EQ(
      std::system(("openssl pkey -aes128 -passout pass:x -in " + path + "one.key -out " + path + "locked.key")
                      .c_str()),
      0);
  ASSERT_EQ(std::system(("cat " + path + "one.pem " + path + "one.key > " + path + "both.pem").c_str()), 0);
  const auto errors = [&](const std::string& certificate, const std::string& key) {
    write(path + "perron.toml", "[[site]]\nroot = \".\"\ncertificate = \"" + certificate + "\"\n" +
                                    (key.empty() ? "" : "key = \"" + key + "\"\n"));
    return to_text(load_file(path + "perron.toml").errors);
  };
  EXPECT_EQ(errors("one.pem", "one.key"), "");
  EXPECT_EQ(errors("both.pem", ""), "");
  EXPECT_THAT(errors("one.pem", "two.key"),
              HasSubstr(":4:1: site.key: the key in " + path + "two.key is not that of"));
  EXPECT_THAT(errors("one.pem", "locked.key"), HasSubstr("has a password; take it off"));
  EXPECT_THAT(errors("one.pem", ""), HasSubstr("there is no private key in " + path + "one.pem"));
  EXPECT_THAT(errors("one.key", ""), HasSubstr(":3:1: site.certificate: there is no certificate in"));
}

TEST(load, several_certificates) {
  const auto c = good(R"(
[[listener]]
listen = ":443"
[listener.tls]
certificates = [ { certificate = "/a", key = "/b" }, { certificate = "/c" } ]
[[site]]
root = "/"
[[site.certificates]]
certificate = "/d"
ocsp = "/e"
)");
  EXPECT_THAT(certificates_of(c, c.listeners[0]),
              ElementsAre(certificate_settings{"/a", "/b", ""}, certificate_settings{"/c", "/c", ""},
                          certificate_settings{"/d", "/d", "/e"}));
}

} // namespace
