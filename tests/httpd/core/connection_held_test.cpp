// SPDX-License-Identifier: BSD-3-Clause
// Answers that go out when their process has ended: to readers of all kinds, and beside others who work.
#include <perron/httpd/core/connection.hpp>

#include "httpd/server_fixture.hpp"

#include <perron/httpd/access_record.hpp>
#include <perron/supervisors/request_supervisor.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

class connection_held_test : public server_fixture {
protected:
  using server_fixture::server_fixture;

  /// More short answers than the kernel takes for a client that does not read; what asks for them is read at
  /// once.
  static constexpr std::size_t many = 300;

  static std::string body_of(std::string_view n) { return std::string(3500, 'x').append(n); }
  static std::string body_of(std::size_t i) { return body_of(std::to_string(i)); }

  /// Counts the handlers that were there.
  router numbers(route_limits limits = {}) {
    return router().get(
        "/:n",
        [this](request& r) {
          handled_.fetch_add(1);
          return text(body_of(r.param("n")));
        },
        limits);
  }

  /// A client that has asked for all of them and reads nothing.
  raw_client asking_client() {
    raw_client c = client(4096);
    std::string all;
    for (std::size_t i = 0; i < many; ++i)
      all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: test\r\n\r\n";
    EXPECT_TRUE(c.send(all));
    return c;
  }

  /// The same when an answer has begun to wait for it, and the process that waits.
  raw_client stuck_client(bool says_goodbye = false) {
    raw_client c = asking_client();
    if (says_goodbye)
      c.shut_writing();
    run([&] {
      yield_until([&] {
        const auto page = supervisors::which_requests(server().who).value();
        if (page.requests.size() != 1)
          return false;
        waits_ = page.requests.front().who;
        label_ = page.requests.front().label;
        return waits_.slot()->waits_for.load() == runtime::core::wait_kind::writable &&
               waits_.slot()->id.load() == waits_.id();
      });
    });
    return c;
  }
  std::size_t handled() const { return handled_.load(); }

  static void expect_answers(raw_client& c, std::size_t from, std::size_t end) {
    for (std::size_t i = from; i < end; ++i)
      ASSERT_EQ(c.read().body, body_of(i));
  }

  runtime::pid waits_;
  std::string label_; ///< of the request whose answer waits

private:
  std::atomic<std::size_t> handled_{0};
};

TEST_F(connection_held_test, are_whole_and_in_order_for_who_reads_late) {
  serve(numbers());
  raw_client c = stuck_client();
  const std::size_t begun = handled();
  EXPECT_LT(begun, many) << "the next request waits for the answer to the one before";
  EXPECT_EQ(label_, "GET /" + std::to_string(begun - 1));
  EXPECT_EQ(stats().running, 1U);
  expect_answers(c, 0, many);
  const server_stats after = await([](const server_stats& s) { return s.running == 0; });
  EXPECT_EQ(after.requests, many) << "who sends the rest is none of its own";
  EXPECT_EQ(after.connections, 1U);
}

TEST_F(connection_held_test, reach_a_client_that_has_said_all_and_still_reads) {
  if (over_tls())
    GTEST_SKIP() << "its goodbye ends the connection";
  serve(numbers());
  raw_client c = stuck_client(true);
  expect_answers(c, 0, many);
  EXPECT_TRUE(c.at_end());
}

TEST_F(connection_held_test, end_with_a_client_that_leaves) {
  serve(numbers());
  stuck_client().reset();
  const server_stats after = await_no_connection();
  EXPECT_EQ(after.client_gone, 1U);
  EXPECT_EQ(after.crashed, 0U);
  EXPECT_EQ(after.requests, handled());
}

TEST_F(connection_held_test, end_with_a_client_that_does_not_read_for_too_long) {
  server_options options;
  options.write_time = 1ms;
  serve(numbers(), options);
  const raw_client c = asking_client();
  await([](const server_stats& s) { return s.slow_readers == 1 && s.connections == 0; });
}

TEST_F(connection_held_test, have_no_more_time_than_their_route_gives) {
  serve(numbers({.request_time = 100ms}));
  raw_client c = asking_client();
  await([](const server_stats& s) { return s.late == 1; });
  c.close();
  await_no_connection();
}

TEST_F(connection_held_test, are_waited_for_by_a_server_that_stops) {
  serve(numbers());
  raw_client c = stuck_client();
  const std::size_t begun = handled();
  begin_stop(server());
  std::size_t answers = 0;
  for (answer a = c.read(); a.status != 0; a = c.read())
    ASSERT_EQ(a.body, body_of(answers++));
  EXPECT_GE(answers, begun);
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_end(server()), runtime::exit_reason::shutdown());
}

TEST_F(connection_held_test, are_lost_with_a_request_that_is_killed) {
  serve(numbers());
  raw_client c = stuck_client();
  const std::size_t begun = handled();
  runtime::exit(waits_, runtime::exit_reason::kill());
  expect_answers(c, 0, begun - 1);
  const int last = c.read().status;
  EXPECT_TRUE(last == 0 || over_tls()) << "not all of it came, but where the session had taken it already";
  c.close();
  EXPECT_EQ(await_no_connection().killed, 1U);
}

TEST_F(connection_held_test, of_a_handler_that_was_told_to_end_while_it_computed_wait_for_no_client) {
  server_options options;
  options.write_time = 10min;
  options.min_write_rate = 0;
  serve(router().get("/:n",
                     [](request& r) {
                       runtime::exit(runtime::self(), runtime::exit_reason::shutdown());
                       return text(body_of(r.param("n")));
                     }),
        options);
  const raw_client c = asking_client();
  const server_stats after =
      await([](const server_stats& s) { return s.accepted == 1 && s.connections == 0; });
  EXPECT_EQ(after.slow_readers, 0U);
}

TEST_F(connection_held_test, are_cut_off_by_a_server_whose_patience_is_over) {
  server_options options;
  options.drain_time = 1ms;
  serve(numbers(), options);
  raw_client c = stuck_client();
  EXPECT_EQ(stop_server(), runtime::exit_reason::shutdown());
}

TEST_F(connection_held_test, do_not_wait_for_what_handlers_have_kept_to_be_destroyed) {
  event& answered = new_event();
  struct slow_to_go {
    event* until = nullptr;
    ~slow_to_go() {
      if (until != nullptr)
        until->await();
    }
  };
  serve(router().get("/", [&](request& r) {
    r.local<slow_to_go>().until = &answered;
    return text("here");
  }));
  raw_client c = client();
  EXPECT_EQ(c.get("/").body, "here");
  answered.happen();
}

TEST_F(connection_held_test, go_out_before_a_connection_that_ends) {
  serve(router().get("/", [](request&) {
    response r = text("the last");
    r.close = true;
    return r;
  }));
  raw_client c = client();
  EXPECT_EQ(c.get("/").body, "the last");
  EXPECT_TRUE(c.at_end());
  await_no_connection();
}

TEST_F(connection_held_test, are_counted_in_access_records_as_they_were_taken) {
  struct sizes final : access_sink {
    outcome_queue<std::uint64_t> sent;
    void tell(const access_record& r) noexcept override { sent.put(r.body_bytes); }
  };
  const auto log = std::make_shared<sizes>();
  server_options options;
  options.access = log;
  serve(numbers(), options);
  raw_client c = stuck_client();
  expect_answers(c, 0, many);
  for (std::size_t i = 0; i < many; ++i)
    ASSERT_EQ(log->sent.take(), body_of(i).size());
}

class connection_held_on_one_worker_test : public server_fixture {
protected:
  connection_held_on_one_worker_test() : server_fixture(test_options(1)) {}

  std::atomic<bool> is_over_{false}; ///< read by a process that outlives the test's body
};

TEST_F(connection_held_on_one_worker_test, do_not_wait_for_processes_that_are_always_ready) {
  serve(router().get("/", [](request&) { return text("here"); }));
  node().spawn([this] {
    while (!is_over_.load())
      runtime::yield();
  });
  raw_client c = client();
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(c.get("/").body, "here");
  is_over_ = true;
}

} // namespace
} // namespace perron::httpd::core
