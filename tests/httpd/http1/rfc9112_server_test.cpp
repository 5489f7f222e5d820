// SPDX-License-Identifier: BSD-3-Clause
// What of RFC 9112 only a whole server shows: raw bytes in, exact bytes out. README.md of this folder says
// which section is tested where.
#include <perron/httpd/server.hpp>

#include "httpd/server_fixture.hpp"

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;

class rfc9112_server_test : public server_fixture {
protected:
  router routes() {
    return router()
        .get("/", [](request&) { return text("root"); })
        .get("/:name", [](request& r) { return text(std::string(r.method()) + ' ' + r.param("name")); })
        .get("/none/204", [](request&) { return empty(); })
        .get("/none/304",
             [](request&) {
               response r = text("left out");
               r.status = status::not_modified;
               return r;
             })
        .get("/its/host", [](request& r) { return text(std::string(r.host())); })
        .get("/field/x", [](request& r) { return text(std::string(r.header("X"))); })
        .get("/smuggled/in",
             [this](request&) {
               ++smuggled_;
               return text("smuggled");
             })
        .post("/", [](request& r) { return text(std::string(r.body())); });
  }

  /// All that the server says to these bytes until it closes, without the Date fields.
  std::string said_to(std::string_view bytes) {
    raw_client c = client();
    EXPECT_TRUE(c.send(bytes));
    std::string all = c.read_to_end();
    for (std::size_t at = all.find("Date: "); at != std::string::npos; at = all.find("Date: ", at))
      all.erase(at, all.find("\r\n", at) + 2 - at);
    return all;
  }

  static std::string ok(std::string_view body, std::string_view connection = {}) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(connection) + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + std::string(body);
  }
  static std::string last_ok(std::string_view body) { return ok(body, "Connection: close\r\n"); }

  std::atomic<int> smuggled_{0};
};

constexpr std::string_view last_get = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST_F(rfc9112_server_test, rfc9112_2_2_values_are_bytes_and_no_characters) {
  serve(routes());
  EXPECT_EQ(said_to("GET /field/x HTTP/1.1\r\nHost: a\r\nX: \xff\x80 \xc3\xa9\r\nConnection: close\r\n\r\n"),
            last_ok("\xff\x80 \xc3\xa9"));
}

TEST_F(rfc9112_server_test, rfc9112_2_2_empty_lines_between_requests_are_ignored) {
  serve(routes());
  EXPECT_EQ(said_to("GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n" + std::string(last_get)),
            ok("root") + last_ok("GET last"));
}

TEST_F(rfc9112_server_test, rfc9112_2_3_answers_say_1_1_to_a_client_of_1_0) {
  serve(routes());
  EXPECT_EQ(said_to("GET / HTTP/1.0\r\n\r\n"), last_ok("root"));
}

TEST_F(rfc9112_server_test, rfc9112_2_3_higher_minor_versions_are_answered_as_1_1) {
  serve(routes());
  EXPECT_EQ(said_to("GET / HTTP/1.7\r\nHost: a\r\n\r\n" + std::string(last_get)),
            ok("root") + last_ok("GET last"));
}

TEST_F(rfc9112_server_test, rfc9112_3_1_methods_are_case_sensitive) {
  serve(routes());
  EXPECT_EQ(client().ask("get / HTTP/1.1\r\nHost: a\r\n\r\n").status, 405);
}

TEST_F(rfc9112_server_test, rfc9112_3_2_2_absolute_form_is_routed_by_its_path) {
  serve(routes());
  EXPECT_EQ(said_to("GET http://b.example:81/name HTTP/1.1\r\nHost: a\r\n\r\n"
                    "GET http://b.example HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            ok("GET name") + last_ok("root"));
}

TEST_F(rfc9112_server_test, rfc9110_7_4_what_asks_for_https_without_tls_is_misdirected) {
  serve(routes());
  const std::string said =
      said_to("GET https://b.example/name HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(said.starts_with("HTTP/1.1 421 Misdirected Request\r\n")) << said;
}

TEST_F(rfc9112_server_test, rfc9112_3_3_the_host_of_an_absolute_target_goes_before_the_field) {
  serve(routes());
  EXPECT_EQ(said_to("GET http://b.example:81/its/host HTTP/1.1\r\nHost: a\r\n\r\n"
                    "GET /its/host HTTP/1.1\r\nHost: a:80\r\n\r\n"
                    "GET /its/host HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"),
            ok("b.example:81") + ok("a:80") + last_ok(""));
}

TEST_F(rfc9112_server_test, rfc9112_3_2_3_a_tunnel_that_is_refused_leaves_the_connection_as_it_was) {
  serve(routes());
  raw_client c = client();
  EXPECT_EQ(c.ask("CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n").status, 501);
  EXPECT_EQ(c.get("/").body, "root");
}

TEST_F(rfc9112_server_test, rfc9112_3_2_4_options_of_the_whole_server_in_both_forms) {
  serve(routes());
  const std::string allowed = "HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, POST, OPTIONS\r\n\r\n";
  EXPECT_EQ(
      said_to("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS http://b:8001 HTTP/1.1\r\nHost: b:8001\r\n\r\n" +
              std::string(last_get)),
      allowed + allowed + last_ok("GET last"));
}

TEST_F(rfc9112_server_test, rfc9112_6_3_1_answers_without_content_end_with_their_heads) {
  serve(routes());
  const std::string head_of_root =
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  EXPECT_EQ(said_to("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /none/204 HTTP/1.1\r\nHost: a\r\n\r\n"
                    "GET /none/304 HTTP/1.1\r\nHost: a\r\n\r\n" +
                    std::string(last_get)),
            head_of_root + "HTTP/1.1 204 No Content\r\n\r\n" +
                "HTTP/1.1 304 Not Modified\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
                last_ok("GET last"));
}

TEST_F(rfc9112_server_test, rfc9112_6_3_a_head_request_may_have_content) {
  serve(routes());
  EXPECT_EQ(
      said_to("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nGET /smuggle" + std::string(last_get)),
      ok("root") + last_ok("GET last"));
}

// Rules 3 to 5 of section 6.3, and 11.2: who guesses where such a message ends may be made to guess wrong.
TEST_F(rfc9112_server_test, rfc9112_11_2_faulty_framing_ends_the_connection_and_smuggles_nothing) {
  serve(routes());
  const std::string inner = "GET /smuggled/in HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string size = "Content-Length: " + std::to_string(inner.size()) + "\r\n";
  struct shape {
    std::string fields;
    int status;
  };
  const std::vector<shape> shapes{
      {size + "Transfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\n" + size, 400},
      {size + "Content-Length: 0\r\n", 400},
      {size + size, 400},
      {"Content-Length: 0, 42\r\n", 400},
      {"Content-Length: +42\r\n", 400},
      {"Content-Length: 4 2\r\n", 400},
      {"Content-Length: 18446744073709551616\r\n", 400},
      {"Content-Length:\r\n", 400},
      {"Content-Length : 42\r\n", 400},
      {"Content-Length\r\n : 42\r\n", 400},
      {"X: y\r\n Content-Length: 42\r\n", 400},
      {"X: y\rContent-Length: 42\r\n", 400},
      {"X: y\nContent-Length: 42\r\n", 400},
      {std::string("X: y\0\r\n", 7), 400},
      {"Transfer-Encoding: identity\r\n", 400},
      {"Transfer-Encoding: chunked, identity\r\n", 400},
      {"Transfer-Encoding: xchunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400},
      {"Transfer-Encoding: chunked, chunked\r\n", 400},
      {"Transfer-Encoding:\x0b"
       "chunked\r\n",
       400},
      {"Transfer-Encoding : chunked\r\n", 400},
      {"Transfer-Encoding\x0b: chunked\r\n", 400},
      {"Transfer-Encoding: gzip, chunked\r\n", 501},
      {"Host: b\r\n", 400},
  };
  for (const shape& s : shapes) {
    raw_client c = client();
    const answer a = c.ask("POST / HTTP/1.1\r\nHost: a\r\n" + s.fields + "\r\n0\r\n\r\n" + inner);
    EXPECT_EQ(a.status, s.status) << s.fields;
    EXPECT_EQ(a.field("Connection"), "close") << s.fields;
    EXPECT_TRUE(c.at_end()) << s.fields;
  }
  raw_client old = client();
  EXPECT_EQ(old.ask("POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + inner)
                .status,
            400);
  EXPECT_TRUE(old.at_end());
  raw_client tunnel = client();
  EXPECT_EQ(tunnel.ask("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n" + size + "\r\n" + inner).status, 400);
  EXPECT_TRUE(tunnel.at_end());
  EXPECT_EQ(smuggled_, 0);
}

TEST_F(rfc9112_server_test, rfc9112_8_content_cut_off_by_the_end_of_the_connection_is_no_content) {
  std::atomic<int> bodies{0};
  event& asked = new_event();
  event& ended = new_event();
  serve(router().post("/", [&](request& r) {
    const on_exit told{ended};
    asked.happen();
    bodies += r.body().empty() ? 0 : 1;
    return text("got it");
  }));
  raw_client c = client();
  ASSERT_TRUE(c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234"));
  asked.await();
  c.shut_writing();
  EXPECT_EQ(c.read_to_end(), "");
  ended.await();
  EXPECT_EQ(bodies, 0);
}

TEST_F(rfc9112_server_test, rfc9112_8_a_head_cut_off_by_the_end_of_the_connection_is_no_request) {
  serve(routes());
  for (const std::string_view part :
       {"GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r", "G"}) {
    raw_client c = client();
    ASSERT_TRUE(c.send(part));
    c.shut_writing();
    EXPECT_EQ(c.read_to_end(), "");
  }
  EXPECT_EQ(await_no_connection().requests, 0U);
}

TEST_F(rfc9112_server_test, rfc9112_9_3_2_answers_come_in_the_order_of_their_requests_whatever_they_are) {
  serve(routes());
  EXPECT_EQ(said_to("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo"
                    "HEAD /3 HTTP/1.1\r\nHost: a\r\n\r\n"
                    "GET /4 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" +
                    std::string(last_get) + "GET /6 HTTP/1.1\r\nHost: a\r\n\r\n"),
            ok("GET 1") + ok("two") +
                "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
                ok("GET 4", "Connection: keep-alive\r\n") + last_ok("GET last"));
}

TEST_F(rfc9112_server_test, rfc9112_9_6_close_is_one_option_among_others_and_in_any_case) {
  serve(routes());
  for (const std::string_view fields : {"Connection: x, Close\r\n", "Connection: CLOSE ,\r\n",
                                        "Connection: keep-alive\r\nConnection: close\r\n"})
    EXPECT_EQ(said_to("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n"), last_ok("root"))
        << fields;
}

TEST_F(rfc9112_server_test, rfc9112_9_6_closes_its_own_half_first_and_then_waits_for_the_peer) {
  serve(routes());
  raw_client c = client();
  const answer a = c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_EQ(a.status, 413);
  EXPECT_EQ(c.read_to_end(), "") << "an end, not a reset";
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(c.send(std::string(10'000, 'x'))) << "is still listened to";
}

} // namespace
} // namespace perron::httpd
