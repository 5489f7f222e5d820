// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/rate_limit.hpp>

#include <perron/httpd/rules/basic_auth.hpp>
#include <perron/httpd/rules/client_address.hpp>
#include <perron/httpd/rules/keyed_hash.hpp>
#include <perron/httpd/rules/rate_table.hpp>
#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace perron::httpd;
using namespace std::chrono_literals;
using core::rate_table;

constexpr std::uint64_t second = 1'000'000'000;

TEST(rate_table, a_burst_and_then_the_average) {
  rate_table table(10, second, 3, 64);
  std::uint64_t now = 100 * second;
  EXPECT_EQ(table.take(1, now).left, 2U);
  EXPECT_EQ(table.take(1, now).left, 1U);
  EXPECT_EQ(table.take(1, now).left, 0U);
  const auto no = table.take(1, now);
  EXPECT_FALSE(no.taken);
  EXPECT_EQ(no.retry_ns, second / 10);
  EXPECT_EQ(no.refill_ns, 3 * second / 10);
  EXPECT_FALSE(table.take(1, now + second / 10 - 1).taken);
  EXPECT_TRUE(table.take(1, now + second / 10).taken);
  EXPECT_FALSE(table.take(1, now + second / 10).taken);
  now += 10 * second;
  EXPECT_EQ(table.take(1, now).left, 2U);
}

TEST(rate_table, keys_are_apart) {
  rate_table table(1, second, 1, 64);
  EXPECT_TRUE(table.take(1, 0).taken);
  EXPECT_TRUE(table.take(2, 0).taken);
  EXPECT_FALSE(table.take(1, 0).taken);
}

TEST(rate_table, very_many_keys_make_it_lenient_and_no_larger) {
  rate_table table(1, second, 1, 8); // one row
  EXPECT_TRUE(table.take(1, second).taken);
  for (std::uint64_t key = 2; key < 100; ++key)
    EXPECT_TRUE(table.take(key, second).taken) << key;
  EXPECT_TRUE(table.take(1, second).taken) << "it was forgotten";
}

TEST(rate_table, the_average_holds_over_a_long_time) {
  rate_table table(7, second, 5, 64);
  int taken = 0;
  for (std::uint64_t now = 0; now < 100 * second; now += second / 50)
    taken += table.take(3, now).taken ? 1 : 0;
  EXPECT_GE(taken, 700);
  EXPECT_LE(taken, 706);
}

TEST(keyed_hash, is_siphash_2_4) {
  // the first of the vectors that its authors published
  const std::array<std::uint64_t, 2> key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
  EXPECT_EQ(core::keyed_hash(key, ""), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(core::keyed_hash(key, std::string_view("\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16", 15)),
            0xa129ca6149be45e5U);
}

test_client serve(rate_limit_options options) {
  router r;
  r.use(forwarded_for({.trusted = {"unix"}}));
  r.use([](request& q, const handler& next) {
    q.local<authenticated_user>().name = std::string(q.header("X-User"));
    return next(q);
  });
  r.use(rate_limit(std::move(options)));
  r.get("/*path", [](request&) { return text("in"); });
  return test_client(std::move(r));
}

TEST(rfc6585_4, beyond_the_limit_is_429_with_retry_after) {
  auto client = serve({.requests = 2, .per = 3600s});
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(client.get("/").status, 200);
  const auto no = client.get("/");
  EXPECT_EQ(no.status, 429);
  const int later = std::stoi(std::string(no.header("Retry-After")));
  EXPECT_TRUE(later > 0 && later <= 1800) << later;
}

TEST(rate_limit, tells_how_many_are_left) {
  auto client = serve({.requests = 2, .per = 3600s, .burst = 5});
  const auto a = client.get("/");
  EXPECT_EQ(a.header("RateLimit-Policy"), "\"default\";q=2;w=3600");
  EXPECT_EQ(a.header("RateLimit").substr(0, 13), "\"default\";r=4");
  auto silent = serve({.requests = 1, .per = 3600s, .tell = false});
  EXPECT_EQ(silent.get("/").header("RateLimit"), "");
  EXPECT_EQ(silent.get("/").status, 429);
}

TEST(rate_limit, addresses_and_networks_are_apart) {
  auto client = serve({.requests = 1, .per = 3600s});
  const auto from = [&](std::string address) {
    return client.get("/", {{"X-Forwarded-For", std::move(address)}}).status;
  };
  EXPECT_EQ(from("192.0.2.1"), 200);
  EXPECT_EQ(from("192.0.2.2"), 200);
  EXPECT_EQ(from("192.0.2.1"), 429);
  EXPECT_EQ(from("::ffff:192.0.2.1"), 429);
  EXPECT_EQ(from("2001:db8:0:1::1"), 200);
  EXPECT_EQ(from("2001:db8:0:1::2"), 429);
  EXPECT_EQ(from("2001:db8:0:2::1"), 200);
}

TEST(rate_limit, users_count_wherever_they_are) {
  auto client = serve({.requests = 1, .per = 3600s, .by = rate_key::user});
  const auto from = [&](std::string user, std::string address) {
    return client.get("/", {{"X-User", std::move(user)}, {"X-Forwarded-For", std::move(address)}}).status;
  };
  EXPECT_EQ(from("alice", "192.0.2.1"), 200);
  EXPECT_EQ(from("alice", "192.0.2.2"), 429);
  EXPECT_EQ(from("bob", "192.0.2.1"), 200);
  EXPECT_EQ(from("", "192.0.2.1"), 200);
  EXPECT_EQ(from("", "192.0.2.1"), 429);
}

TEST(rate_limit, own_keys_and_all) {
  auto own =
      serve({.requests = 1, .per = 3600s, .key = [](request& r) { return std::string(r.path().substr(1)); }});
  EXPECT_EQ(own.get("/a").status, 200);
  EXPECT_EQ(own.get("/b").status, 200);
  EXPECT_EQ(own.get("/a").status, 429);
  EXPECT_EQ(own.get("/").status, 200);
  EXPECT_EQ(own.get("/").status, 200);
  auto all = serve({.requests = 1, .per = 3600s, .by = rate_key::all});
  EXPECT_EQ(all.get("/", {{"X-Forwarded-For", "192.0.2.1"}}).status, 200);
  EXPECT_EQ(all.get("/", {{"X-Forwarded-For", "192.0.2.2"}}).status, 429);
}

TEST(rate_limit, bad_options_are_refused) {
  EXPECT_FALSE(check(rate_limit_options{.requests = 0}));
  EXPECT_FALSE(check(rate_limit_options{.per = 0s}));
  EXPECT_FALSE(check(rate_limit_options{.ipv6_prefix = 129}));
  EXPECT_FALSE(check(rate_limit_options{.max_keys = 0}));
  EXPECT_THROW(rate_limit({.requests = 0}), std::invalid_argument);
}

} // namespace
