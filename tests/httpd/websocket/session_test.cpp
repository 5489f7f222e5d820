// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/session.hpp>

#include "httpd/server_fixture.hpp"
#include "httpd/websocket/socket_client.hpp"

#include <stdexcept>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct line {
  std::string text;
};
struct unknown {};

struct told {
  runtime::pid who;
  std::uint16_t code = 0;
  std::string reason{};
};

bool hibernates(runtime::pid who) {
  return who.slot()->state.load() == runtime::core::process_state::hibernating &&
         who.slot()->door.is_parked();
}

/// Echoes, counts, and tells the test of its life.
struct session {
  outcome_queue<told>& tell;
  int count = 0;
  using mails = mail_types<line, shared_frame>;

  session(websocket&, outcome_queue<told>& to) : tell(to) { tell.put({runtime::self()}); }
  void message(websocket& ws, ws_message m) {
    if (m.data == "crash")
      throw std::runtime_error("crashed on request");
    if (m.data == "close")
      ws.close(4000, "as you like");
    else
      ws.send(m.data + ' ' + std::to_string(++count));
  }
  void mail(websocket& ws, const line& l) { ws.send("mail " + l.text); }
  void mail(websocket& ws, const shared_frame& f) { ws.send(f); }
  void closed(std::uint16_t code, std::string reason) {
    tell.put({runtime::self(), code, std::move(reason)});
  }
};

/// The least that a session can be.
struct echo {
  static void message(websocket& ws, const ws_message& m) { ws.send(m); }
};

class sessions : public server_fixture {
protected:
  void serve_sessions(const websocket_options& options = {}) {
    router r;
    r.get("/ws", [this, options](request& q) { return serve_websocket<session>(q, options, tell_); });
    r.get("/echo", [options](request& q) { return serve_websocket<echo>(q, options); });
    serve(std::move(r), {.drain_time = 10ms});
  }
  socket_client open() { return socket_client(server().port); }
  told next_told() { return tell_.take().value_or(told{}); }

  void await_hibernation(runtime::pid who) {
    run([&] { yield_until([&] { return hibernates(who); }); });
  }
  template <class T>
  void tell(runtime::pid who, T message) {
    run([&] { runtime::send(who, std::move(message)); });
  }

private:
  outcome_queue<told> tell_;
};

TEST_F(sessions, hibernates_between_messages_and_keeps_its_state) {
  serve_sessions();
  socket_client c = open();
  ASSERT_TRUE(c.is_open());
  const runtime::pid p = next_told().who;
  for (int i = 1; i <= 5; ++i) {
    await_hibernation(p);
    c.send(text_frame("m"));
    EXPECT_EQ(c.read(), text_frame("m " + std::to_string(i)));
  }
  c.send(close_frame(1000, "done"));
  EXPECT_EQ(c.read(), close_frame(1000));
  EXPECT_TRUE(c.at_end());
  const told end = next_told();
  EXPECT_EQ(end.code, 1000);
  EXPECT_EQ(end.reason, "done");
}

TEST_F(sessions, takes_frames_that_come_in_pieces_across_hibernations) {
  serve_sessions();
  socket_client c = open();
  const runtime::pid p = next_told().who;
  const std::string bytes = masked(text_frame("Hello"));
  for (const char byte : bytes) {
    await_hibernation(p);
    c.send_bytes({&byte, 1});
  }
  EXPECT_EQ(c.read(), text_frame("Hello 1"));
}

TEST_F(sessions, takes_mail_of_its_types_and_drops_others) {
  serve_sessions();
  socket_client c = open();
  const runtime::pid p = next_told().who;
  await_hibernation(p);
  tell(p, line{"a"});
  EXPECT_EQ(c.read(), text_frame("mail a"));
  tell(p, unknown{});
  tell(p, shared_frame::binary("b"));
  EXPECT_EQ(c.read(), binary_frame("b"));
  await_hibernation(p);
  EXPECT_EQ(p.slot()->mail_waiting(), 0U);
}

TEST_F(sessions, takes_many_messages_at_once) {
  serve_sessions();
  socket_client c = open();
  c.send(std::vector<frame>(100, text_frame("m")));
  for (int i = 1; i <= 100; ++i)
    ASSERT_EQ(c.read(), text_frame("m " + std::to_string(i)));
}

TEST_F(sessions, closes_on_its_own) {
  serve_sessions();
  socket_client c = open();
  next_told();
  c.send(text_frame("close"));
  EXPECT_EQ(c.read(), close_frame(4000, "as you like"));
  c.send(close_frame(4000));
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(next_told().code, 4000);
}

TEST_F(sessions, crash_closes_with_1011) {
  serve_sessions();
  socket_client c = open();
  await_hibernation(next_told().who);
  c.send(text_frame("crash"));
  EXPECT_EQ(c.read(), close_frame(1011));
  EXPECT_TRUE(c.at_end());
  await([](const auto& s) { return s.crashed == 1; });
}

TEST_F(sessions, hears_of_a_peer_that_vanished) {
  serve_sessions();
  socket_client c = open();
  await_hibernation(next_told().who);
  c.raw().close();
  EXPECT_EQ(next_told().code, close_code::abnormal);
  await([](const auto& s) { return s.client_gone == 1; });
}

TEST_F(sessions, pings_a_silent_peer_out_of_hibernation) {
  serve_sessions({.ping_every = 1ms, .pong_within = 1ms});
  socket_client c = open();
  next_told();
  EXPECT_EQ(c.read(), ping_frame(""));
  EXPECT_EQ(next_told().code, close_code::abnormal);
  await([](const auto& s) { return s.client_gone == 1; });
}

TEST_F(sessions, order_to_shut_down_closes_with_1001) {
  serve_sessions({.close_within = 60s});
  socket_client c = open();
  await_hibernation(next_told().who);
  begin_stop(server());
  EXPECT_EQ(c.read(), close_frame(1001));
  c.send(close_frame(1001));
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_end(server()), runtime::exit_reason::shutdown());
  EXPECT_EQ(next_told().code, 1001);
}

TEST_F(sessions, least_session_is_one_function) {
  serve_sessions({.deflate = {.on = true}});
  socket_client c(server().port, "/echo");
  c.send(text_frame("Hello"));
  EXPECT_EQ(c.read(), text_frame("Hello"));
}

} // namespace
} // namespace perron::httpd
