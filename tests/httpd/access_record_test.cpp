// SPDX-License-Identifier: BSD-3-Clause
// What a server tells its sink: each end that a request can have, told once and rightly.
#include <perron/httpd/access_record.hpp>

#include "httpd/server_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <perron/httpd/rules/basic_auth.hpp>
#include <perron/httpd/websocket/session.hpp>
#include <perron/runtime/inspect.hpp>

#include <gmock/gmock.h>

#include <fcntl.h>

#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using supervisors::request_end;
using ::testing::AllOf;
using ::testing::Field;

/// What a record said, kept.
struct kept {
  std::string peer, method, target, host, agent, user, first_line;
  int minor = 0;
  int status = 0;
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds duration{};
  request_end how = request_end::normal;
  bool refused = false;
  bool upgraded = false;
};
[[maybe_unused]] void PrintTo(const kept& k, std::ostream* out) {
  *out << k.peer << " '" << k.method << ' ' << k.target << "' '" << k.first_line << "' " << k.status << ' '
       << k.bytes << ' ' << supervisors::to_string(k.how) << (k.refused ? " refused" : "")
       << (k.upgraded ? " upgraded" : "");
}

class keeping final : public access_sink {
public:
  void tell(const access_record& r) noexcept override {
    all.put({.peer = r.peer != nullptr ? r.peer->to_string() : "",
             .method = std::string(r.method),
             .target = std::string(r.target),
             .host = std::string(r.host),
             .agent = std::string(r.headers.find("user-agent").value_or("")),
             .user = std::string(r.user),
             .first_line = std::string(r.first_line),
             .minor = r.minor_version,
             .status = r.status,
             .bytes = r.body_bytes,
             .duration = r.duration,
             .how = r.how,
             .refused = r.refused,
             .upgraded = r.upgraded});
  }
  outcome_queue<kept> all;
};

constexpr std::string_view get_1_1 = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

class access_record_test : public server_fixture {
protected:
  void serve_told(router routes, server_options options = {}) {
    options.access = sink_;
    serve(std::move(routes), std::move(options));
  }
  void serve_told(handler h, server_options options = {}) {
    serve_told(router().get("/", std::move(h)), std::move(options));
  }
  kept told() { return sink_->all.take().value_or(kept{}); }

  static auto is(int status, std::uint64_t bytes, request_end how = request_end::normal) {
    return AllOf(Field("status", &kept::status, status), Field("bytes", &kept::bytes, bytes),
                 Field("how", &kept::how, how), Field("peer", &kept::peer, "127.0.0.1"));
  }

private:
  std::shared_ptr<keeping> sink_ = std::make_shared<keeping>();
};

TEST_F(access_record_test, tells_what_was_asked_and_answered) {
  serve_told(router().get("/a", [](request&) { return text("hello"); }));
  raw_client c = client();
  EXPECT_EQ(c.get("/a?b=%20c", "User-Agent: me\r\n").status, 200);
  const kept k = told();
  EXPECT_THAT(k, is(200, 5));
  EXPECT_EQ(k.method, "GET");
  EXPECT_EQ(k.target, "/a?b=%20c");
  EXPECT_EQ(k.host, "test");
  EXPECT_EQ(k.agent, "me");
  EXPECT_EQ(k.minor, 1);
  EXPECT_GT(k.duration, 0ns);
  EXPECT_FALSE(k.refused);
  EXPECT_FALSE(k.upgraded);
  EXPECT_EQ(c.ask("GET /none HTTP/1.0\r\n\r\n").status, 404);
  const kept second = told();
  EXPECT_EQ(second.status, 404);
  EXPECT_EQ(second.minor, 0);
  EXPECT_EQ(second.agent, "");
}

TEST_F(access_record_test, of_requests_that_come_together_each_is_told) {
  serve_told([](request& r) { return text(std::string(r.query().get("n").value_or("")) + "!"); });
  raw_client c = client();
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += "GET /?n=" + std::string(static_cast<std::size_t>(i), 'x') + " HTTP/1.1\r\nHost: test\r\n\r\n";
  ASSERT_TRUE(c.send(all));
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(c.read().status, 200);
    EXPECT_THAT(told(), is(200, i + 1));
  }
}

TEST_F(access_record_test, who_was_let_in_is_told) {
  router routes;
  routes.use(basic_auth({.verify = [](std::string_view, std::string_view word) { return word == "right"; }}));
  routes.get("/", [](request&) { return text("hello"); });
  serve_told(std::move(routes));
  raw_client c = client();
  EXPECT_EQ(c.get("/", "Authorization: Basic YW5uYTpyaWdodA==\r\n").status, 200);
  EXPECT_EQ(told().user, "anna");
  EXPECT_EQ(c.get("/", "Authorization: Basic YW5uYTp3cm9uZw==\r\n").status, 401);
  EXPECT_EQ(told().user, "");
  EXPECT_EQ(c.get("/").status, 401);
  EXPECT_EQ(told().user, "");
}

TEST_F(access_record_test, a_head_has_no_body_bytes) {
  serve_told([](request&) { return text("hello"); });
  EXPECT_EQ(client().ask("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n", true).status, 200);
  const kept k = told();
  EXPECT_THAT(k, is(200, 0));
  EXPECT_EQ(k.method, "HEAD");
}

TEST_F(access_record_test, a_stream_counts_the_frames_of_its_chunks) {
  serve_told([](request& r) {
    r.inform(103, {{"X-Early", "yes"}});
    writer out = r.begin({});
    out.write("one");
    out.write("three");
    return out.end();
  });
  raw_client c = client();
  ASSERT_TRUE(c.send(get_1_1));
  const std::string body = "3\r\none\r\n5\r\nthree\r\n0\r\n\r\n";
  c.read_until(body);
  EXPECT_THAT(told(), is(200, body.size()));
}

TEST_F(access_record_test, a_large_answer_and_a_file_count_whole) {
  const temporary_folder folder;
  const std::string path = folder.path() / "f";
  std::ofstream(path) << std::string(300'000, 'f');
  serve_told(router()
                 .get("/large", [](request&) { return text(std::string(3'000'000, 'x')); })
                 .get("/file", [path](request&) {
                   response r;
                   r.file =
                       std::make_shared<file_part>(::open(path.c_str(), O_RDONLY | O_CLOEXEC), 0, 300'000);
                   return r;
                 }));
  raw_client c = client();
  EXPECT_EQ(c.get("/large").body.size(), 3'000'000U);
  EXPECT_THAT(told(), is(200, 3'000'000));
  EXPECT_EQ(c.get("/file").body.size(), 300'000U);
  EXPECT_THAT(told(), is(200, 300'000));
}

TEST_F(access_record_test, an_error_that_is_thrown_and_a_crash) {
  serve_told(router()
                 .get("/error", [](request&) -> response { throw http_error(418, "no"); })
                 .get("/crash", [](request&) -> response { throw std::runtime_error("as ordered"); }));
  EXPECT_EQ(client().get("/error").status, 418);
  EXPECT_EQ(told().status, 418);
  const answer a = client().get("/crash");
  EXPECT_EQ(a.status, 500);
  EXPECT_THAT(told(), is(500, a.body.size(), request_end::crashed));
}

TEST_F(access_record_test, a_crash_in_the_midst_of_an_answer_keeps_its_status) {
  serve_told([](request& r) -> response {
    writer out = r.begin({}, 100);
    out.write("part");
    throw std::runtime_error("as ordered");
  });
  raw_client c = client();
  ASSERT_TRUE(c.send(get_1_1));
  c.read_to_end();
  EXPECT_THAT(told(), is(200, 4, request_end::crashed));
}

TEST_F(access_record_test, a_client_that_left_before_the_answer_has_no_status) {
  outcome_queue<runtime::pid> waiting;
  serve_told([&](request& r) {
    waiting.put(runtime::self());
    return wait_for_ever(r);
  });
  raw_client c = client();
  ASSERT_TRUE(c.send(get_1_1));
  ASSERT_TRUE(waiting.take());
  c.reset();
  EXPECT_THAT(told(), AllOf(Field(&kept::status, 0), Field(&kept::bytes, 0U),
                            Field(&kept::how, request_end::client_gone)));
}

TEST_F(access_record_test, a_slow_reader_is_told_with_what_it_took) {
  server_options options;
  options.write_time = 1ms;
  serve_told([](request&) { return text(std::string(20'000'000, 'x')); }, options);
  raw_client c = client(4096);
  ASSERT_TRUE(c.send(get_1_1));
  const kept k = told();
  EXPECT_EQ(k.status, 200);
  EXPECT_EQ(k.how, request_end::slow_reader);
  EXPECT_GT(k.bytes, 0U);
  EXPECT_LT(k.bytes, 20'000'000U);
}

TEST_F(access_record_test, a_handler_out_of_time) {
  server_options options;
  options.request_time = 5ms;
  serve_told(wait_for_ever, options);
  const answer a = client().get("/");
  EXPECT_EQ(a.status, 503);
  EXPECT_THAT(told(), is(503, a.body.size(), request_end::deadline));
}

TEST_F(access_record_test, a_stopped_server_tells_of_those_it_ended) {
  server_options options;
  options.drain_time = 0ms;
  outcome_queue<runtime::pid> waiting;
  serve_told(
      [&](request& r) {
        waiting.put(runtime::self());
        return wait_for_ever(r);
      },
      options);
  raw_client c = client();
  ASSERT_TRUE(c.send(get_1_1));
  ASSERT_TRUE(waiting.take());
  EXPECT_EQ(stop_server(), runtime::exit_reason::shutdown());
  EXPECT_EQ(c.read().status, 503);
  EXPECT_EQ(told().how, request_end::drained);
}

// -- without a process

TEST_F(access_record_test, a_refused_head_is_told_by_its_first_line) {
  serve_told(wait_for_ever);
  const answer a = client().ask("\r\nGET /x\x01y HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(a.status, 400);
  const kept k = told();
  EXPECT_THAT(k, is(400, a.body.size()));
  EXPECT_TRUE(k.refused);
  EXPECT_EQ(k.first_line, "GET /x\x01y HTTP/1.1");
  EXPECT_EQ(k.method, "");
  EXPECT_EQ(k.duration, 0ns);
  EXPECT_EQ(client().ask("GET /" + std::string(9000, 'y') + " HTTP/1.1\r\n\r\n").status, 414);
  EXPECT_EQ(told().first_line.size(), 512U);
}

TEST_F(access_record_test, a_head_that_does_not_come_to_its_end) {
  server_options options;
  options.head_time = 1ms;
  options.idle_time = 10min;
  serve_told(wait_for_ever, options);
  answer a;
  // on a slow machine the time may be over before the first byte came
  for (int i = 0; i < 1000 && a.status == 0; ++i)
    a = client().ask("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(a.status, 408);
  const kept k = told();
  EXPECT_THAT(k, is(408, a.body.size()));
  EXPECT_TRUE(k.refused);
  EXPECT_EQ(k.first_line, "GET / HTTP/1.1");
}

TEST_F(access_record_test, a_client_beyond_its_rate) {
  server_options options;
  options.per_address.requests_per_second = 1;
  options.per_address.burst = 1;
  serve_told([](request&) { return text("hello"); }, options);
  raw_client c = client();
  answer a = c.get("/");
  for (; a.status == 200; a = c.get("/"))
    EXPECT_THAT(told(), is(200, 5));
  EXPECT_EQ(a.status, 429);
  const kept k = told();
  EXPECT_THAT(k, is(429, a.body.size()));
  EXPECT_TRUE(k.refused);
  EXPECT_EQ(k.method, "GET");
  EXPECT_EQ(k.host, "test");
}

TEST_F(access_record_test, a_client_that_is_turned_away) {
  server_options options;
  options.per_address.max_connections = 1;
  serve_told([](request&) { return text("hello"); }, options);
  raw_client first = client();
  EXPECT_EQ(first.get("/").status, 200);
  EXPECT_THAT(told(), is(200, 5));
  raw_client second = client();
  const answer a = second.read();
  EXPECT_EQ(a.status, 503);
  const kept k = told();
  EXPECT_THAT(k, is(503, a.body.size()));
  EXPECT_TRUE(k.refused);
}

TEST_F(access_record_test, the_client_behind_a_proxy_is_the_peer) {
  server_options options;
  options.proxy_protocol_from = {"127.0.0.1"};
  serve_told([](request&) { return text("hello"); }, options);
  EXPECT_EQ(client().ask("PROXY TCP6 2001:db8::1 2001:db8::2 40001 80\r\n" + std::string(get_1_1)).status,
            200);
  EXPECT_EQ(told().peer, "2001:db8::1");
}

// -- sinks of routes

TEST_F(access_record_test, a_route_may_have_a_sink_of_its_own) {
  const auto own = std::make_shared<keeping>();
  router private_routes;
  private_routes.use(tell_access(own)).get("/own", [](request&) -> response {
    throw std::runtime_error("as ordered");
  });
  serve_told(
      router().get("/", [](request&) { return text("hello"); }).mount("/inner", std::move(private_routes)));
  raw_client c = client();
  EXPECT_EQ(c.get("/").status, 200);
  EXPECT_EQ(told().target, "/");
  EXPECT_EQ(c.get("/inner/own").status, 500);
  EXPECT_THAT(own->all.take().value_or(kept{}), Field(&kept::how, request_end::crashed));
  EXPECT_EQ(client().get("/inner/none").status, 404);
  EXPECT_EQ(told().status, 404);
}

// -- upgraded

TEST_F(access_record_test, an_upgraded_connection_is_told_of_at_its_end) {
  serve_told([](request& r) {
    duplex peer = r.upgrade("test");
    std::array<char, 64> bytes;
    while (const std::size_t n = peer.read(bytes))
      peer.write({bytes.data(), n});
    return peer.end();
  });
  raw_client c = client();
  ASSERT_TRUE(c.send(
      "GET / HTTP/1.1\r\nHost: test\r\nUser-Agent: me\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\nabc"));
  c.read_until("\r\n\r\nabc");
  ASSERT_TRUE(c.send("de"));
  c.read_until("de");
  c.shut_writing();
  const kept k = told();
  EXPECT_THAT(k, is(101, 5));
  EXPECT_TRUE(k.upgraded);
  EXPECT_EQ(k.agent, "me");
}

TEST_F(access_record_test, of_a_session_that_sleeps_the_head_is_kept) {
  struct quiet {
    static void message(websocket& ws, const ws_message& m) { ws.send(m); }
  };
  serve_told(router().get("/", [](request& r) { return serve_websocket<quiet>(r, {}); }));
  raw_client c = client();
  ASSERT_TRUE(
      c.send("GET / HTTP/1.1\r\nHost: test\r\nUser-Agent: me\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
  c.read_until("\r\n\r\n");
  run([] {
    yield_until([] {
      for (const runtime::pid who : runtime::processes())
        if (const auto what = runtime::info(who); what && what->state == runtime::process_state::hibernating)
          return true;
      return false;
    });
  });
  c.reset();
  const kept k = told();
  EXPECT_EQ(k.status, 101);
  EXPECT_EQ(k.agent, "me");
  EXPECT_EQ(k.target, "/");
}

} // namespace
} // namespace perron::httpd
