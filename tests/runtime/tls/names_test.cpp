// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/names.hpp>

#include <gtest/gtest.h>

namespace perron::runtime::tls {
namespace {

TEST(TlsNames, rfc6125_6_4_3_AWildcardStandsForTheFirstLabel) {
  EXPECT_EQ(wildcard_of("www.example.org"), "*.example.org");
  EXPECT_EQ(wildcard_of("a.b.example.org"), "*.b.example.org");
  EXPECT_EQ(wildcard_of("example.org"), ""); // "*.org" is no certificate's business
  EXPECT_EQ(wildcard_of("localhost"), "");
  EXPECT_EQ(wildcard_of(".example.org"), "");
  EXPECT_EQ(wildcard_of(""), "");
}

TEST(TlsNames, FindsExactNamesBeforeWildcards) {
  names all;
  all.add("*.Example.org", 1);
  all.add("www.example.org", 2);
  all.add("www.example.org", 3); // the first has it
  EXPECT_EQ(all.find("WWW.example.ORG"), 2U);
  EXPECT_EQ(all.find("www.example.org."), 2U);
  EXPECT_EQ(all.find("ftp.example.org"), 1U);
  EXPECT_EQ(all.find("example.org"), std::nullopt);
  EXPECT_EQ(all.find("a.b.example.org"), std::nullopt);
}

TEST(TlsNames, WhatIsNoNameIsNotFound) {
  names all;
  all.add("*.example.org", 1);
  for (const std::string_view name : {"", ".", "..", "*", "*.example.org", ".example.org", "example"})
    EXPECT_EQ(all.find(name), std::nullopt) << name;
}

} // namespace
} // namespace perron::runtime::tls
