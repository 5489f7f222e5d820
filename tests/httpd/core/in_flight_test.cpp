// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/in_flight.hpp>

#include "httpd/server_fixture.hpp"

#include <perron/httpd/writer.hpp>

#include <atomic>
#include <string>
#include <vector>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;

constexpr const char* get_1_1 = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

TEST(in_flight_sum, is_over_beyond_its_bound_and_well_below_at_three_quarters) {
  in_flight sum(1'000);
  sum.change(0, 600);
  sum.change(0, 400);
  EXPECT_FALSE(sum.is_over());
  sum.change(400, 401);
  EXPECT_TRUE(sum.is_over());
  sum.change(401, 151);
  EXPECT_FALSE(sum.is_over());
  EXPECT_FALSE(sum.is_well_below());
  sum.change(151, 150);
  EXPECT_TRUE(sum.is_well_below());
  sum.change(600, 0);
  EXPECT_EQ(sum.bytes(), 150U);
}

TEST(in_flight_sum, has_no_bound_with_0) {
  in_flight sum(0);
  sum.change(0, ~std::uint64_t(0));
  EXPECT_FALSE(sum.is_over());
}

class in_flight_test : public server_fixture {
protected:
  /// Writes until it is told to end, and counts what the kernel took.
  handler writes_for_ever() {
    return [this](request& r) {
      writer out = r.begin({});
      taken_ = 0;
      writing_.put(runtime::self());
      for (;;) {
        out.write(std::string(1'000, 'x'));
        taken_ += 1'000;
      }
      return out.end();
    };
  }
  /// A client that asks and takes nothing, whose writer waits.
  raw_client stuck_client() {
    raw_client c = client(4096);
    EXPECT_TRUE(c.send(get_1_1));
    await_waiting(writing_.take().value(), runtime::core::wait_kind::writable);
    return c;
  }
  static server_options with_bound(std::size_t bytes) {
    server_options options;
    options.max_in_flight = bytes;
    return options;
  }

  std::atomic<std::size_t> taken_{0};
  outcome_queue<runtime::pid> writing_;
};

TEST_F(in_flight_test, a_writer_takes_little_while_others_hold_much) {
  serve(router().get("/", writes_for_ever()), with_bound(50'000));
  const raw_client first = stuck_client();
  EXPECT_GT(stats().in_flight, 50'000U);
  const std::size_t usual = taken_;
  std::vector<raw_client> more;
  for (int i = 0; i < 3; ++i) {
    more.push_back(stuck_client());
    EXPECT_LT(taken_, usual / 2);
  }
  EXPECT_LT(stats().in_flight, 2 * usual + usual / 2);
}

TEST_F(in_flight_test, without_a_bound_each_takes_as_much_as_the_first) {
  serve(router().get("/", writes_for_ever()), with_bound(0));
  const raw_client first = stuck_client();
  const std::size_t usual = taken_;
  const raw_client second = stuck_client();
  EXPECT_GT(taken_, usual / 2);
}

TEST_F(in_flight_test, who_reads_gets_all_while_others_hold_much) {
  const std::string body(8'000'000, 'y');
  serve(router().get("/", writes_for_ever()).get("/whole", [&](request&) { return text(body); }),
        with_bound(1));
  const raw_client stuck = stuck_client();
  raw_client reads = client();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(reads.get("/whole").body, body);
  raw_client slow = client(4096);
  ASSERT_TRUE(slow.send("GET /whole HTTP/1.1\r\nHost: test\r\n\r\n"));
  EXPECT_EQ(slow.read().body, body);
}

TEST_F(in_flight_test, nothing_is_left_of_writers_that_end) {
  serve(router().get("/", writes_for_ever()), with_bound(1));
  {
    const raw_client gone = stuck_client();
    raw_client c = client(4096);
    ASSERT_TRUE(c.send(get_1_1));
    const runtime::pid killed = writing_.take().value();
    await_waiting(killed, runtime::core::wait_kind::writable);
    EXPECT_GT(stats().in_flight, 0U);
    runtime::exit(killed, runtime::exit_reason::kill());
    await([](const server_stats& s) { return s.killed == 1; });
    EXPECT_GT(stats().in_flight, 0U);
  }
  EXPECT_EQ(await([](const server_stats& s) { return s.running == 0; }).in_flight, 0U);
  const raw_client again = stuck_client();
  EXPECT_GT(taken_, 32'000U) << "the first to be slow takes as much as it may again";
}

} // namespace
} // namespace perron::httpd::core
