// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/hosts.hpp>

#include "httpd/server_fixture.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using ::testing::HasSubstr;

router saying(const std::string& what) {
  return router().get("/", [what](request&) { return text(what); });
}

class hosts_test : public ::testing::Test {
protected:
  /// The name under which the router that was found was added.
  std::string found(std::string_view host) const {
    const router& r = sites.find(host);
    if (&r == &sites.fallback())
      return "otherwise";
    for (const hosts::entry& e : sites.all())
      if (e.routes.get() == &r)
        return e.name;
    return "nothing";
  }

  hosts sites;
};

TEST_F(hosts_test, one_router_is_for_every_name) {
  sites = hosts(saying("all"));
  for (const char* name : {"example.org", "", "192.0.2.1:80", "[::1]"})
    EXPECT_EQ(found(name), "otherwise") << name;
  EXPECT_EQ(sites.fallback().table().size(), 1U);
}

TEST_F(hosts_test, rfc9110_4_2_3_ports_and_case_do_not_matter_nor_does_a_dot_at_the_end) {
  sites.add("Example.ORG", saying("one"));
  for (const char* name :
       {"example.org", "EXAMPLE.org", "example.org.", "example.org:8080", "example.org.:80", "example.org:"})
    EXPECT_EQ(found(name), "example.org") << name;
  for (const char* name : {"www.example.org", "example.or", "xample.org", "org", "", ".", "example.org..",
                           "[::1]", "[", "[]", ":80"})
    EXPECT_EQ(found(name), "otherwise") << name;
}

TEST_F(hosts_test, a_name_wins_over_wildcards_and_a_longer_wildcard_over_a_shorter_one) {
  sites.add("*.org", saying("a"));
  sites.add("*.example.org", saying("b"));
  sites.add("www.example.org", saying("c"));
  EXPECT_EQ(found("www.example.org"), "www.example.org");
  EXPECT_EQ(found("ftp.example.org"), "*.example.org");
  EXPECT_EQ(found("a.b.c.Example.org:443"), "*.example.org");
  EXPECT_EQ(found("example.org"), "*.org");
  EXPECT_EQ(found("a.www.example.org"), "*.example.org");
  EXPECT_EQ(found("org"), "otherwise");
  EXPECT_EQ(found(".example.org"), "otherwise") << "no label stands before it";
}

TEST_F(hosts_test, addresses_are_names) {
  sites.add("[2001:DB8::1]", saying("six")).add("192.0.2.1", saying("four"));
  EXPECT_EQ(found("[2001:db8::1]:8080"), "[2001:db8::1]");
  EXPECT_EQ(found("[2001:db8::1]"), "[2001:db8::1]");
  EXPECT_EQ(found("192.0.2.1:80"), "192.0.2.1");
  EXPECT_EQ(found("192.0.2.2"), "otherwise");
}

TEST_F(hosts_test, an_alias_is_answered_as_its_name_is) {
  sites.add("example.org", saying("one")).alias("www.example.org", "EXAMPLE.org").otherwise_as("example.org");
  EXPECT_EQ(&sites.find("www.example.org"), &sites.find("example.org"));
  EXPECT_EQ(&sites.find("nobody.example"), &sites.find("example.org"));
  EXPECT_THROW(sites.alias("a.example", "b.example"), std::invalid_argument);
}

TEST_F(hosts_test, a_long_name_is_nobodys) {
  sites.add("*.example.org", saying("one"));
  EXPECT_EQ(found(std::string(243, 'a') + ".example.org"), "*.example.org");
  EXPECT_EQ(found(std::string(244, 'a') + ".example.org"), "otherwise");
  EXPECT_EQ(found(std::string(8000, '.')), "otherwise");
}

TEST_F(hosts_test, says_what_is_wrong_with_a_name) {
  const auto fault = [&](const std::string& name) {
    try {
      sites.add(name, saying("one"));
    } catch (const std::invalid_argument& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
  EXPECT_THAT(fault(""), HasSubstr("is empty"));
  EXPECT_THAT(fault("example.org:80"), HasSubstr("may have no port"));
  EXPECT_THAT(fault("www.*.org"), HasSubstr("only as its first label"));
  EXPECT_THAT(fault("*"), HasSubstr("only as its first label"));
  EXPECT_THAT(fault("*x.org"), HasSubstr("only as its first label"));
  EXPECT_THAT(fault("b\xc3\xbc"
                    "cher.example"),
              HasSubstr("xn--"));
  EXPECT_THAT(fault("a..org"), HasSubstr("empty label"));
  EXPECT_THAT(fault(".org"), HasSubstr("empty label"));
  EXPECT_THAT(fault("a b.org"), HasSubstr("no host name has"));
  EXPECT_THAT(fault("a/b"), HasSubstr("no host name has"));
  EXPECT_THAT(fault("[::1"), HasSubstr("brackets"));
  EXPECT_THAT(fault(std::string(256, 'a')), HasSubstr("longer"));
  EXPECT_EQ(fault("_dns.example_a.org"), "nothing");
  EXPECT_EQ(fault("xn--bcher-kva.example"), "nothing");
  EXPECT_THAT(fault("XN--bcher-kva.example."), HasSubstr("was added before"));
}

class served_hosts_test : public server_fixture {};

TEST_F(served_hosts_test, requests_go_to_the_site_that_they_name) {
  hosts sites;
  sites.add("one.example", saying("one")).add("two.example", saying("two"));
  sites.otherwise(saying("front"));
  serve(sites);
  raw_client c = client();
  const auto said = [&](const std::string& host, const std::string& target = "/") {
    return c.ask("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").body;
  };
  EXPECT_EQ(said("one.example"), "one");
  EXPECT_EQ(said("TWO.example:8080"), "two");
  EXPECT_EQ(said("three.example"), "front");
  EXPECT_EQ(said(""), "front");
  // RFC 9112 3.2.2: the target's host counts, not the field's
  EXPECT_EQ(said("one.example", "http://two.example/"), "two");
  EXPECT_EQ(c.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").body, "front");
}

TEST_F(served_hosts_test, rfc9110_15_5_20_a_name_that_nobody_has_is_misdirected) {
  hosts sites;
  sites.add("one.example", saying("one"));
  serve(sites);
  raw_client c = client();
  const answer a = c.get("/");
  EXPECT_EQ(a.status, 421);
  EXPECT_THAT(a.body, HasSubstr("no site of this name"));
  EXPECT_EQ(c.ask("GET / HTTP/1.1\r\nHost: one.example\r\n\r\n").body, "one") << "the connection goes on";
}

} // namespace
} // namespace perron::httpd
