// SPDX-License-Identifier: BSD-3-Clause
// What a request's process does: find the handler, read the body, answer.
#include <perron/httpd/core/exchange.hpp>

#include "httpd/server_fixture.hpp"
#include "support/bad_processes.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <stdexcept>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class exchange_test : public server_fixture {
protected:
  /// A server with one GET route, "/".
  raw_client client_of(handler answer, server_options options = {}) {
    serve(router().get("/", std::move(answer)), std::move(options));
    return client();
  }
};

response hello(request&) { return text("Hello!"); }

// -- heads and bodies of answers

TEST_F(exchange_test, answers_with_length_type_and_date) {
  const answer a = client_of(hello).get("/");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, "Hello!");
  EXPECT_EQ(a.field("Content-Length"), "6");
  EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_FALSE(a.has("Connection"));
  const std::string date = a.field("Date"); // RFC 9110 5.6.7
  EXPECT_EQ(date.size(), 29U);
  EXPECT_EQ(date.substr(25), " GMT");
}

TEST_F(exchange_test, sends_the_fields_of_the_handler_in_their_order) {
  const answer a = client_of([](request&) {
                     response r = text("");
                     for (int i = 0; i < 40; ++i)
                       r.headers.emplace_back("X-" + std::to_string(i), std::string(100, 'v'));
                     return r;
                   }).get("/");
  EXPECT_EQ(a.status, 200);
  std::size_t at = 0;
  for (int i = 0; i < 40; ++i) {
    const std::size_t here =
        a.head.find("\r\nX-" + std::to_string(i) + ": " + std::string(100, 'v') + "\r\n");
    ASSERT_NE(here, std::string::npos) << i;
    EXPECT_GE(here, at);
    at = here;
  }
}

TEST_F(exchange_test, rfc9110_9_3_2_head_is_get_without_the_body) {
  serve(router().get("/", [](request& r) { return text(std::string(r.method())); }));
  raw_client c = client();
  const answer a = c.ask("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n", true);
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.field("Content-Length"), "4");
  EXPECT_EQ(c.get("/").body, "GET") << "the connection goes on behind it";
  const answer none = c.ask("HEAD /none HTTP/1.1\r\nHost: test\r\n\r\n", true);
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(c.get("/").body, "GET");
}

TEST_F(exchange_test, rfc9110_15_3_5_no_content_has_neither_body_nor_length) {
  raw_client c = client_of([](request&) { return response{204, "not to be sent", {}, {}}; });
  for (int i = 0; i < 2; ++i) {
    const answer a = c.get("/");
    EXPECT_EQ(a.status, 204);
    EXPECT_FALSE(a.has("Content-Length"));
  }
}

TEST_F(exchange_test, rfc9110_15_4_5_not_modified_has_no_body) {
  raw_client c = client_of([](request&) { return response{304, "not to be sent", {}, {{"ETag", "\"1\""}}}; });
  for (int i = 0; i < 2; ++i) {
    const answer a = c.get("/");
    EXPECT_EQ(a.status, 304);
    EXPECT_EQ(a.field("ETag"), "\"1\"");
  }
}

TEST_F(exchange_test, an_empty_body_has_length_zero) {
  raw_client c = client_of([](request&) { return text(""); });
  EXPECT_EQ(c.get("/").field("Content-Length"), "0");
  EXPECT_EQ(c.get("/").status, 200);
}

TEST_F(exchange_test, sends_a_body_of_any_size_in_one_piece) {
  serve(
      router().get("/:size", [](request& r) { return text(std::string(std::stoul(r.param("size")), 'x')); }));
  raw_client c = client();
  for (const std::size_t size : {1UL, 1000UL, 1300UL, 1536UL, 100'000UL, 20'000'000UL}) {
    const answer a = c.get("/" + std::to_string(size));
    EXPECT_EQ(a.status, 200);
    EXPECT_EQ(a.body.size(), size);
    EXPECT_EQ(a.body.find_first_not_of('x'), std::string::npos);
  }
}

// -- what the handler sees

TEST_F(exchange_test, gives_the_handler_path_parameters_query_fields_and_peer) {
  serve(router().get("/rooms/:room/*rest", [](request& r) {
    return text(std::string(r.method()) + '|' + std::string(r.path()) + '|' + r.param("room") + '|' +
                r.param("rest") + '|' + r.query().get("q").value_or("none") + '|' +
                std::string(r.header("x-a")) + '|' + std::string(r.header("x-none")) + '|' + r.peer());
  }));
  raw_client c = client();
  EXPECT_EQ(c.get("/rooms/a%2Fb/c/../d?q=1+2", "X-A:  with blanks \r\n").body,
            "GET|/rooms/a%2Fb/d|a/b|d|1 2|with blanks||" + c.local());
}

// -- routes

TEST_F(exchange_test, says_404_405_and_what_is_allowed) {
  serve(router().get("/a", hello).post("/a", hello).post("/b", hello));
  raw_client c = client();
  EXPECT_EQ(c.get("/none").status, 404);
  EXPECT_EQ(c.get("/none").body, "404 Not Found\n");
  const answer a = c.get("/b");
  EXPECT_EQ(a.status, 405);
  EXPECT_EQ(a.field("Allow"), "POST, OPTIONS");
  const answer options = c.ask("OPTIONS /a HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.field("Allow"), "GET, HEAD, POST, OPTIONS");
  const answer all = c.ask("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(all.status, 204);
  EXPECT_EQ(all.field("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(c.ask("OPTIONS /none HTTP/1.1\r\nHost: test\r\n\r\n").status, 404);
  EXPECT_EQ(c.ask("BREW /a HTTP/1.1\r\nHost: test\r\n\r\n").status, 405);
  EXPECT_EQ(c.get("/a").status, 200) << "none of this ends the connection";
}

TEST_F(exchange_test, is_no_proxy) {
  serve(router().get("/", hello));
  raw_client c = client();
  EXPECT_EQ(c.ask("GET http://elsewhere/ HTTP/1.1\r\nHost: elsewhere\r\n\r\n").status, 200); // RFC 9112 3.2.2
  EXPECT_EQ(c.ask("CONNECT elsewhere:80 HTTP/1.1\r\nHost: elsewhere\r\n\r\n").status, 501);
}

TEST_F(exchange_test, refuses_paths_that_cannot_be_decoded_and_goes_on) {
  serve(router().get("/", hello));
  raw_client c = client();
  const answer a = c.get("/%zz");
  EXPECT_EQ(a.status, 400);
  EXPECT_FALSE(a.body.empty());
  EXPECT_EQ(c.get("/../..").status, 200);
}

// -- handlers that fail

TEST_F(exchange_test, an_exception_costs_its_request_a_500_and_others_nothing) {
  serve(router().get("/", hello).get("/crash", [](request&) -> response {
    throw std::runtime_error("secret");
  }));
  raw_client other = client();
  EXPECT_EQ(other.get("/").status, 200);
  raw_client c = client();
  const answer a = c.get("/crash");
  EXPECT_EQ(a.status, 500);
  EXPECT_EQ(a.body, "500 Internal Server Error\n") << "what() is not for strangers";
  EXPECT_EQ(a.field("Connection"), "close");
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(other.get("/").status, 200);
  const server_stats now = await([](const server_stats& s) { return s.running == 0; });
  EXPECT_EQ(now.crashed, 1U);
  EXPECT_EQ(now.requests, 3U);
  EXPECT_EQ(node().stats().crashed, 1U);
}

TEST_F(exchange_test, what_is_thrown_need_not_be_an_exception_class) {
  raw_client c = client_of([](request&) -> response { throw 42; });
  EXPECT_EQ(c.get("/").status, 500);
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_no_connection().crashed, 1U);
}

TEST_F(exchange_test, http_error_is_an_answer_and_no_crash) {
  raw_client c = client_of([](request&) -> response { throw http_error(status::conflict, "taken"); });
  for (int i = 0; i < 2; ++i) {
    const answer a = c.get("/");
    EXPECT_EQ(a.status, 409);
    EXPECT_EQ(a.body, "409 Conflict\ntaken\n");
  }
  EXPECT_EQ(await([](const server_stats& s) { return s.running == 0; }).crashed, 0U);
}

TEST_F(exchange_test, injected_header_lines_are_not_sent) {
  serve(router()
            .get("/value",
                 [](request&) {
                   return response{200, "", "", {{"X-A", "b\r\nSet-Cookie: owned=1"}}};
                 })
            .get("/name",
                 [](request&) {
                   return response{200, "", "", {{"X-A: b\r\nSet-Cookie", "owned=1"}}};
                 })
            .get("/type",
                 [](request&) {
                   return response{200, "", "a/b\r\nSet-Cookie: owned=1", {}};
                 })
            .get("/length",
                 [](request&) {
                   return response{200, "", "", {{"Content-Length", "5"}}};
                 })
            .get("/chunked", [](request&) {
              return response{200, "", "", {{"transfer-encoding", "chunked"}}};
            }));
  for (const char* path : {"/value", "/name", "/type", "/length", "/chunked"}) {
    raw_client c = client();
    const answer a = c.get(path);
    EXPECT_EQ(a.status, 500) << path;
    EXPECT_EQ(a.head.find("owned"), std::string::npos) << path;
    EXPECT_TRUE(c.at_end());
  }
  EXPECT_EQ(await_no_connection().crashed, 5U);
}

TEST_F(exchange_test, a_status_that_is_no_answer_is_not_sent) {
  std::atomic<int> code{0};
  serve(router().get("/", [&](request&) { return text("", code); }));
  for (const int wrong : {0, 99, 100, 101, 199, 600, 1000}) {
    code = wrong;
    EXPECT_EQ(client().get("/").status, 500) << wrong;
  }
  code = 299;
  EXPECT_EQ(client().get("/").status, 299);
}

TEST_F(exchange_test, a_handler_that_calls_terminate_costs_its_request_only) {
  if (under_asan)
    GTEST_SKIP() << "what an abandoned stack holds counts as leaked";
  serve(router().get("/", hello).get("/terminate", [](request&) -> response { std::terminate(); }));
  raw_client other = client();
  EXPECT_EQ(other.get("/").status, 200);
  raw_client c = client();
  EXPECT_EQ(c.get("/terminate").status, 500);
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(other.get("/").status, 200);
  EXPECT_EQ(await([](const server_stats& s) { return s.running == 0; }).crashed, 1U);
}

TEST_F(exchange_test, a_handler_that_is_killed_leaves_a_503) {
  outcome_queue<runtime::pid> waiting;
  serve(router().get("/", hello).get("/wait", [&](request& r) {
    waiting.put(runtime::self());
    return wait_for_ever(r);
  }));
  for (const auto& why : {runtime::exit_reason::kill(), runtime::exit_reason::shutdown()}) {
    raw_client c = client();
    ASSERT_TRUE(c.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n"));
    runtime::exit(waiting.take().value(), why);
    EXPECT_EQ(c.read().status, 503);
    EXPECT_TRUE(c.at_end());
  }
  EXPECT_EQ(client().get("/").status, 200);
}

TEST_F(exchange_test, a_handler_that_ends_without_an_answer_leaves_a_503) {
  raw_client c = client_of([](request&) -> response { runtime::exit(runtime::exit_reason::normal()); });
  EXPECT_EQ(c.get("/").status, 503);
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_no_connection().crashed, 0U);
}

TEST_F(exchange_test, a_handler_ends_with_the_processes_it_links_to) {
  raw_client c = client_of([](request& r) {
    runtime::spawn_link(bad::crash{});
    return wait_for_ever(r);
  });
  EXPECT_EQ(c.get("/").status, 500);
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_no_connection().crashed, 1U);
}

// -- slow readers

TEST_F(exchange_test, waits_for_a_slow_reader) {
  constexpr std::size_t size = 8'000'000;
  outcome_queue<runtime::pid> writer;
  serve(router().get("/", [&](request&) {
    writer.put(runtime::self());
    return text(std::string(size, 'x'));
  }));
  raw_client c = client(4096);
  ASSERT_TRUE(c.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  await_waiting(writer.take().value(), runtime::core::wait_kind::writable);
  EXPECT_EQ(stats().running, 1U);
  EXPECT_EQ(c.read().body.size(), size);
}

TEST_F(exchange_test, gives_up_a_reader_that_does_not_read) {
  server_options options;
  options.write_time = 1ms;
  serve(router().get("/", [](request&) { return text(std::string(20'000'000, 'x')); }), options);
  raw_client c = client(4096);
  ASSERT_TRUE(c.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  await([](const server_stats& s) { return s.slow_readers == 1 && s.connections == 0; });
  EXPECT_EQ(c.read().status, 0) << "not all of it came";
}

TEST_F(exchange_test, ends_when_a_slow_reader_leaves) {
  serve(router().get("/", [](request&) { return text(std::string(20'000'000, 'x')); }));
  for (const bool polite : {true, false}) {
    raw_client c = client(4096);
    ASSERT_TRUE(c.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
    await([](const server_stats& s) { return s.running == 1; });
    polite ? c.close() : c.reset();
    await_no_connection();
  }
  EXPECT_EQ(stats().client_gone, 2U);
}

} // namespace
} // namespace perron::httpd::core
