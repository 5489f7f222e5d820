// SPDX-License-Identifier: BSD-3-Clause
// Answers that are written piece by piece, informational responses, and what middleware sees of a head.
#include <perron/httpd/core/exchange.hpp>

#include "httpd/server_fixture.hpp"

#include <perron/runtime/inspect.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class exchange_stream_test : public server_fixture {
protected:
  raw_client client_of(handler answer, server_options options = {}) {
    serve(router().get("/", std::move(answer)), std::move(options));
    return client();
  }
};

constexpr const char* get_1_1 = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
constexpr const char* get_1_1_close = "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";

std::string body_of(const std::string& all) { return all.substr(all.find("\r\n\r\n") + 4); }

response count_to_three(request& r) {
  writer out = r.begin({200, {}, "text/plain", {{"X-A", "b"}}});
  out.write("one");
  out.write("");
  out.write(std::array<std::string_view, 3>{"t", "", "wo"});
  out.write("three");
  out.trailer("X-Sum", "3");
  return out.end();
}

// -- writer: chunked

TEST_F(exchange_stream_test, rfc9112_7_1_streams_in_chunks) {
  raw_client c = client_of(count_to_three);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(c.send(get_1_1));
    const std::string all = c.read_until("0\r\nX-Sum: 3\r\n\r\n");
    EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(all, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_THAT(all, HasSubstr("\r\nX-A: b\r\n"));
    EXPECT_THAT(all, HasSubstr("\r\nContent-Type: text/plain\r\n"));
    EXPECT_THAT(all, Not(HasSubstr("Content-Length")));
    EXPECT_THAT(all, Not(HasSubstr("Connection")));
    EXPECT_EQ(body_of(all), "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\nX-Sum: 3\r\n\r\n");
  }
}

TEST_F(exchange_stream_test, the_head_goes_out_before_anything_is_written) {
  event& go_on = new_event();
  outcome_queue<runtime::pid> writing;
  raw_client c = client_of([&](request& r) {
    writer out = r.begin({});
    writing.put(runtime::self());
    runtime::receive_one<never>();
    return out.end();
  });
  ASSERT_TRUE(c.send(get_1_1));
  EXPECT_THAT(c.read_until("\r\n\r\n"), HasSubstr("chunked"));
  go_on.happen();
  runtime::exit(writing.take().value(), runtime::exit_reason::kill());
  EXPECT_TRUE(c.at_end());
}

TEST_F(exchange_stream_test, more_pieces_than_one_system_call_takes) {
  raw_client c = client_of([](request& r) {
    writer out = r.begin({});
    const std::vector<std::string_view> parts(1000, "xyz");
    out.write(parts);
    return out.end();
  });
  ASSERT_TRUE(c.send(get_1_1_close));
  std::string wanted = "bb8\r\n";
  for (int i = 0; i < 1000; ++i)
    wanted += "xyz";
  EXPECT_EQ(body_of(c.read_to_end()), wanted + "\r\n0\r\n\r\n");
}

// -- writer: HTTP/1.0, lengths, and answers without a body

TEST_F(exchange_stream_test, rfc9112_6_3_for_http_1_0_the_end_of_the_connection_ends_the_body) {
  raw_client c = client_of(count_to_three);
  ASSERT_TRUE(c.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const std::string all = c.read_to_end();
  EXPECT_THAT(all, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(all, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(body_of(all), "onetwothree") << "and no trailers";
}

TEST_F(exchange_stream_test, an_announced_length_is_said_and_kept) {
  raw_client c = client_of([](request& r) {
    writer out = r.begin({}, 6);
    out.write("abc");
    out.write("def");
    return out.end();
  });
  for (int i = 0; i < 2; ++i) {
    const answer a = c.get("/");
    EXPECT_EQ(a.body, "abcdef");
    EXPECT_FALSE(a.has("Transfer-Encoding"));
  }
  const answer old = c.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(old.body, "abcdef");
  EXPECT_EQ(old.field("Connection"), "keep-alive");
}

TEST_F(exchange_stream_test, another_length_than_was_announced_is_a_crash_that_cuts_the_connection) {
  serve(router()
            .get("/more",
                 [](request& r) {
                   writer out = r.begin({}, 5);
                   out.write("abc");
                   out.write("def");
                   return out.end();
                 })
            .get("/less", [](request& r) {
              writer out = r.begin({}, 5);
              out.write("abc");
              return out.end();
            }));
  for (const char* path : {"/more", "/less"}) {
    raw_client c = client();
    ASSERT_TRUE(c.send(std::string("GET ") + path + " HTTP/1.1\r\nHost: test\r\n\r\n"));
    EXPECT_EQ(body_of(c.read_to_end()), "abc");
  }
  EXPECT_EQ(await_no_connection().crashed, 2U);
}

TEST_F(exchange_stream_test, rfc9110_9_3_2_a_head_request_gets_no_body_and_the_handler_need_not_care) {
  raw_client c = client_of(count_to_three);
  for (int i = 0; i < 2; ++i) {
    const answer a = c.ask("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n", true);
    EXPECT_EQ(a.status, 200);
    EXPECT_EQ(a.field("Transfer-Encoding"), "chunked");
  }
  ASSERT_TRUE(c.send(get_1_1));
  EXPECT_THAT(c.read_until("0\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(exchange_stream_test, rfc9110_6_4_1_statuses_without_content_get_none) {
  serve(router().get("/:status", [](request& r) {
    writer out = r.begin({std::stoi(r.param("status"))});
    out.write("not to be sent");
    return out.end();
  }));
  raw_client c = client();
  for (const int code : {204, 304, 204}) {
    const answer a = c.get("/" + std::to_string(code));
    EXPECT_EQ(a.status, code);
    EXPECT_FALSE(a.has("Transfer-Encoding"));
    EXPECT_FALSE(a.has("Content-Length"));
  }
}

// -- writer: what goes wrong

TEST_F(exchange_stream_test, a_crash_in_between_leaves_the_last_chunk_out) {
  raw_client c = client_of([](request& r) -> response {
    writer out = r.begin({});
    out.write("abc");
    throw std::runtime_error("in the middle");
  });
  ASSERT_TRUE(c.send(get_1_1));
  EXPECT_EQ(body_of(c.read_to_end()), "3\r\nabc\r\n");
  c.close();
  EXPECT_EQ(await_no_connection().crashed, 1U);
}

TEST_F(exchange_stream_test, a_crash_in_a_body_that_ends_with_the_connection_resets_it) {
  event& go_on = new_event();
  outcome_queue<runtime::pid> writing;
  struct crash_now {};
  raw_client c = client_of([&](request& r) -> response {
    writer out = r.begin({});
    out.write("abc");
    writing.put(runtime::self());
    runtime::receive_one<crash_now>();
    go_on.happen();
    throw std::runtime_error("in the middle");
  });
  ASSERT_TRUE(c.send("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_THAT(c.read_until("abc"), StartsWith("HTTP/1.1 200"));
  runtime::send(writing.take().value(), crash_now{});
  EXPECT_TRUE(c.at_reset()) << "or it would look like the whole";
}

TEST_F(exchange_stream_test, an_http_error_behind_the_head_is_a_crash) {
  raw_client c = client_of([](request& r) -> response {
    r.begin({});
    throw http_error(status::not_found, "too late");
  });
  ASSERT_TRUE(c.send(get_1_1));
  EXPECT_EQ(body_of(c.read_to_end()), "");
  c.close();
  EXPECT_EQ(await_no_connection().crashed, 1U);
}

TEST_F(exchange_stream_test, an_answer_that_was_begun_has_to_be_ended_and_no_other_can_be_given) {
  serve(router()
            .get("/other",
                 [](request& r) {
                   r.begin({});
                   return text("another");
                 })
            .get("/twice",
                 [](request& r) {
                   r.begin({});
                   return r.begin({}).end();
                 })
            .get("/sent", [](request&) {
              response r;
              r.sent = true;
              return r;
            }));
  for (const char* path : {"/other", "/twice", "/sent"}) {
    raw_client c = client();
    ASSERT_TRUE(c.send(std::string("GET ") + path + " HTTP/1.1\r\nHost: test\r\n\r\n"));
    EXPECT_THAT(c.read_to_end(), Not(HasSubstr("another")));
  }
  EXPECT_EQ(await_no_connection().crashed, 3U);
}

TEST_F(exchange_stream_test, trailers_that_inject_or_frame_are_refused) {
  serve(router().get("/:which", [](request& r) {
    writer out = r.begin({});
    const std::string which = r.param("which");
    out.trailer(which == "name"    ? "X: y\r\nZ"
                : which == "frame" ? "Content-Length"
                                   : "X",
                which == "value" ? "a\r\nb" : "1");
    return out.end();
  }));
  for (const char* path : {"/name", "/value", "/frame"}) {
    raw_client c = client();
    ASSERT_TRUE(c.send(std::string("GET ") + path + " HTTP/1.1\r\nHost: test\r\n\r\n"));
    EXPECT_EQ(body_of(c.read_to_end()), "") << path;
  }
  EXPECT_EQ(await_no_connection().crashed, 3U);
}

// -- writer: slow readers

TEST_F(exchange_stream_test, a_writer_waits_for_a_slow_reader_and_gives_it_all) {
  outcome_queue<runtime::pid> writing;
  serve(router().get("/", [&](request& r) {
    writer out = r.begin({}, 8'000'000);
    writing.put(runtime::self());
    const std::string piece(8'000, 'x');
    for (int i = 0; i < 1000; ++i)
      out.write(piece);
    return out.end();
  }));
  raw_client c = client(4096);
  ASSERT_TRUE(c.send(get_1_1));
  await_waiting(writing.take().value(), runtime::core::wait_kind::writable);
  EXPECT_EQ(c.read().body.size(), 8'000'000U);
}

TEST_F(exchange_stream_test, a_writer_gives_way_though_its_reader_is_always_ready_for_more) {
  outcome_queue<std::uint64_t> reductions;
  raw_client c = client_of([&](request& r) {
    constexpr std::uint64_t pieces = 2'000;
    writer out = r.begin({}, pieces);
    for (std::uint64_t i = 0; i < pieces; ++i)
      out.write("x");
    reductions.put(runtime::info(runtime::self()).value().reductions); // of the turns that are over
    return out.end();
  });
  ASSERT_TRUE(c.send(get_1_1));
  EXPECT_EQ(c.read().body.size(), 2'000U);
  EXPECT_GT(reductions.take(), 1'000U);
}

TEST_F(exchange_stream_test, a_reader_that_takes_nothing_ends_its_writer) {
  server_options options;
  options.write_time = 1ms;
  serve(router().get("/",
                     [](request& r) {
                       writer out = r.begin({});
                       for (;;)
                         out.write(std::string(8'000, 'x'));
                       return out.end();
                     }),
        options);
  raw_client c = client(4096);
  ASSERT_TRUE(c.send(get_1_1));
  await([](const server_stats& s) { return s.slow_readers == 1 && s.connections == 0; });
}

TEST_F(exchange_stream_test, what_the_kernel_takes_for_a_slow_reader_is_bounded) {
  std::atomic<std::size_t> taken{0};
  outcome_queue<runtime::pid> writing;
  serve(router().get("/", [&](request& r) {
    writer out = r.begin({});
    writing.put(runtime::self());
    for (;;) {
      out.write(std::string(1'000, 'x'));
      taken += 1'000;
    }
    return out.end();
  }));
  raw_client c = client(4096);
  ASSERT_TRUE(c.send(get_1_1));
  await_waiting(writing.take().value(), runtime::core::wait_kind::writable);
  EXPECT_LT(taken.load(), 400'000U);
}

TEST_F(exchange_stream_test, an_answer_may_end_the_connection) {
  serve(router()
            .get("/text",
                 [](request&) {
                   response r = text("x");
                   r.close = true;
                   return r;
                 })
            .get("/stream", [](request& r) {
              response head;
              head.close = true;
              writer out = r.begin(std::move(head), 1);
              out.write("x");
              return out.end();
            }));
  for (const char* path : {"/text", "/stream"}) {
    raw_client c = client();
    const answer a = c.get(path);
    EXPECT_EQ(a.body, "x");
    EXPECT_EQ(a.field("Connection"), "close");
    EXPECT_TRUE(c.at_end());
  }
}

// -- informational responses

TEST_F(exchange_stream_test, rfc8297_2_early_hints_go_before_the_answer) {
  raw_client c = client_of([](request& r) {
    r.inform(103, {{"Link", "</a.css>; rel=preload"}});
    r.inform(102);
    return text("done");
  });
  ASSERT_TRUE(c.send(get_1_1));
  EXPECT_EQ(c.read().head, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
  EXPECT_EQ(c.read().status, 102);
  EXPECT_EQ(c.read().body, "done");
  const answer old = c.ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.status, 200) << "RFC 9110 15.2: not to be sent to HTTP/1.0 clients";
}

TEST_F(exchange_stream_test, what_is_not_informational_or_too_late_is_a_crash) {
  serve(router().get("/:status", [](request& r) {
    const int code = std::stoi(r.param("status"));
    if (code == 0) {
      r.begin({});
      r.inform(103);
    }
    r.inform(code);
    return text("");
  }));
  for (const char* path : {"/101", "/200", "/99"})
    EXPECT_EQ(client().get(path).status, 500) << path;
  raw_client c = client();
  ASSERT_TRUE(c.send("GET /0 HTTP/1.1\r\nHost: test\r\n\r\n"));
  EXPECT_THAT(c.read_to_end(), Not(HasSubstr("103")));
}

// -- what middleware sees

TEST_F(exchange_stream_test, before_send_sees_every_final_head_last_added_first) {
  const auto mark = [](request& r) {
    r.before_send(
        [](response& head) { head.headers.emplace_back("X-Seen", "outer " + std::to_string(head.status)); });
    r.before_send([](response& head) { head.headers.emplace_back("X-Seen", "inner"); });
  };
  serve(router()
            .get("/text",
                 [=](request& r) {
                   mark(r);
                   return text("x");
                 })
            .get("/stream",
                 [=](request& r) {
                   mark(r);
                   return r.begin({}).end();
                 })
            .get("/error", [=](request& r) -> response {
              mark(r);
              throw http_error(404, "none");
            }));
  for (const auto& [path, code] : {std::pair{"/text", "200"}, {"/stream", "200"}, {"/error", "404"}}) {
    const answer a = client().get(path);
    EXPECT_THAT(a.head, HasSubstr(std::string("X-Seen: inner\r\nX-Seen: outer ") + code)) << path;
  }
}

TEST_F(exchange_stream_test, a_value_is_kept_for_the_request_under_its_type) {
  struct user {
    std::string name;
  };
  struct visits {
    int count = 0;
  };
  raw_client c = client_of([](request& r) {
    r.local<user>().name = "ann";
    ++r.local<visits>().count;
    ++r.local<visits>().count;
    return text(r.local<user>().name + ' ' + std::to_string(r.local<visits>().count));
  });
  EXPECT_EQ(c.get("/").body, "ann 2");
  EXPECT_EQ(c.get("/").body, "ann 2") << "the next request has its own";
}

} // namespace
} // namespace perron::httpd::core
