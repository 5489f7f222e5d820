// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/sse.hpp>

#include "httpd/server_fixture.hpp"

#include <perron/httpd/routes.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class sse_test : public server_fixture {
protected:
  /// The body of a chunked response.
  static std::string without_chunks(std::string_view text) {
    std::string out;
    while (!text.empty()) {
      const std::size_t end = text.find("\r\n");
      const auto size =
          static_cast<std::size_t>(std::strtoul(std::string(text.substr(0, end)).c_str(), nullptr, 16));
      out += text.substr(end + 2, size);
      text.remove_prefix(std::min(text.size(), end + 2 + size + 2));
      if (size == 0)
        break;
    }
    return out;
  }
  static std::vector<sse_message> events_of(const std::string& text) {
    std::vector<sse_message> out;
    sse_parser().feed(text, out);
    return out;
  }
  static std::string get(const std::string& fields = {}) {
    return "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + fields + "\r\n";
  }
};

TEST_F(sse_test, is_a_stream_of_events_that_nobody_keeps_or_buffers) {
  serve(router().get("/", [](request& r) {
    sse stream(r, {.retry = 3s});
    stream.send("one\ntwo");
    stream.send({.data = "three", .id = "7", .event = "count"});
    return stream.end();
  }));
  raw_client c = client();
  ASSERT_TRUE(c.send(get()));
  const std::string head = c.read_until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("\r\nContent-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nCache-Control: no-store, no-transform\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nX-Accel-Buffering: no\r\n"));
  const std::string body = without_chunks(c.read_to_end());
  EXPECT_THAT(events_of(body),
              ElementsAre(sse_message{"message", "one\ntwo", ""}, sse_message{"count", "three", "7"}));
  EXPECT_EQ(body.substr(0, 12), "retry: 3000\n");
}

TEST_F(sse_test, tells_where_the_client_was) {
  serve(router().get("/", [](request& r) {
    sse stream(r);
    stream.send(stream.last_event_id());
    return stream.end();
  }));
  for (const char* id : {"17", "t 1-2", ""}) {
    raw_client c = client();
    ASSERT_TRUE(c.send(get("Last-Event-ID: " + std::string(id) + "\r\n")));
    c.read_until("\r\n\r\n");
    EXPECT_THAT(events_of(without_chunks(c.read_to_end())), ElementsAre(sse_message{"message", id, ""}));
  }
}

TEST_F(sse_test, beats_while_it_waits_and_goes_on_waiting) {
  outcome_queue<runtime::pid> who;
  serve(router().get("/", [&](request& r) {
    sse stream(r, {.heartbeat = 1ms});
    who.put(runtime::self());
    const int got = stream.receive([](int n) { return n; }, [](long n) { return static_cast<int>(n) + 1; });
    stream.send(std::to_string(got));
    stream.receive([](int) {}, runtime::after(5ms, [&] { stream.send("in time"); }));
    return stream.end();
  }));
  raw_client c = client();
  ASSERT_TRUE(c.send(get()));
  c.read_until("\r\n\r\n");
  c.read_until(":\n\n\r\n");
  c.read_until(":\n\n\r\n");
  runtime::send(who.take().value(), 7);
  std::string rest = c.read_until("data: 7\n\n\r\n");
  rest = c.read_to_end();
  EXPECT_THAT(rest, HasSubstr("data: in time\n\n"));
}

TEST_F(sse_test, a_client_that_goes_away_ends_the_process_that_waits) {
  serve(router().get("/", [](request& r) {
    sse stream(r);
    stream.send("here");
    stream.receive([](never) {});
    return stream.end();
  }));
  raw_client c = client();
  ASSERT_TRUE(c.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  c.read_until("here\n\n\r\n");
  c.close();
  EXPECT_EQ(await([](const stats_type& now) { return now.running == 0; }).client_gone, 1U);
}

TEST_F(sse_test, text_that_was_encoded_before_goes_out_as_it_is) {
  serve(router().get("/", [](request& r) {
    sse stream(r);
    std::string text;
    append_sse_event(text, {.data = "a"});
    append_sse_comment(text, "c");
    append_sse_event(text, {.data = "b"});
    stream.send_encoded(text);
    return stream.end();
  }));
  raw_client c = client();
  ASSERT_TRUE(c.send(get()));
  c.read_until("\r\n\r\n");
  EXPECT_THAT(events_of(without_chunks(c.read_to_end())),
              ElementsAre(sse_message{"message", "a", ""}, sse_message{"message", "b", ""}));
}

} // namespace
} // namespace perron::httpd
