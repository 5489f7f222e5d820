// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/websocket.hpp>

#include "httpd/server_fixture.hpp"
#include "httpd/websocket/socket_client.hpp"

#include <perron/httpd/websocket/deflate.hpp>
#include <perron/runtime/group.hpp>

#include <stdexcept>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

response echo(request& r, const websocket_options& options = {}) {
  websocket ws(r, options);
  while (ws.receive([&](const ws_message& m) { ws.send(m); })) {
  }
  return ws.end();
}

struct line {
  std::string text;
};
struct go {};

class websockets : public server_fixture {
protected:
  /// One route, /ws.
  void serve_at_ws(handler h, server_options options = {}) {
    router r;
    r.add("GET", "/ws", h);
    r.add("POST", "/ws", std::move(h));
    serve(std::move(r), std::move(options));
  }
  void serve_echo(const websocket_options& options = {}) {
    serve_at_ws([options](request& r) { return echo(r, options); }, {.drain_time = 10ms});
  }
  socket_client open(std::string_view fields = {}) { return socket_client(server().port, "/ws", fields); }

  /// Sends close 1000 and expects it back, and then the end.
  static void close(socket_client& c) {
    c.send(close_frame(1000));
    EXPECT_EQ(c.read(), close_frame(1000));
    EXPECT_TRUE(c.at_end());
    c.raw().close();
  }

  template <class T>
  void tell(runtime::pid who, T message) {
    run([&] { runtime::send(who, std::move(message)); });
  }
};

TEST_F(websockets, rfc6455_1_3_opens_and_echoes) {
  serve_echo();
  socket_client c = open();
  ASSERT_TRUE(c.is_open());
  EXPECT_NE(c.head().find("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos);
  EXPECT_NE(c.head().find("\r\nUpgrade: websocket\r\n"), std::string::npos);
  EXPECT_EQ(c.head().find("\r\nSec-WebSocket-Protocol:"), std::string::npos);
  EXPECT_EQ(c.head().find("\r\nSec-WebSocket-Extensions:"), std::string::npos);
  c.send(text_frame("Hello"));
  EXPECT_EQ(c.read(), text_frame("Hello"));
  c.send(binary_frame(std::string(70'000, '\xff')));
  EXPECT_EQ(c.read(), binary_frame(std::string(70'000, '\xff')));
  close(c);
  EXPECT_EQ(await_no_connection().crashed, 0U);
}

TEST_F(websockets, frames_that_came_with_the_handshake_are_read) {
  serve_echo();
  raw_client c = client();
  c.send("GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
         "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" +
         masked({text_frame("early"), close_frame(1000)}));
  const std::string all = c.read_to_end();
  EXPECT_TRUE(all.ends_with(bare(text_frame("early")) + bare(close_frame(1000))));
}

TEST_F(websockets, rfc6455_4_4_other_versions_are_told_which_one_is_spoken) {
  serve_echo();
  raw_client c = client();
  const answer a =
      c.get("/ws", "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n");
  EXPECT_EQ(a.status, 426);
  EXPECT_EQ(a.field("Sec-WebSocket-Version"), "13");
  EXPECT_EQ(a.field("Upgrade"), "websocket");
  EXPECT_EQ(c.get("/ws").status, 426) << "the connection goes on";
  EXPECT_EQ(c.post("/ws", "x").status, 405);
}

TEST_F(websockets, subprotocol_is_agreed_on) {
  serve_at_ws([](request& r) {
    websocket ws(r, {.subprotocols = {"v2", "v1"}});
    ws.send(ws.subprotocol());
    return ws.end();
  });
  socket_client c = open("Sec-WebSocket-Protocol: v0, v1, v2\r\n");
  EXPECT_NE(c.head().find("\r\nSec-WebSocket-Protocol: v1\r\n"), std::string::npos);
  EXPECT_EQ(c.read(), text_frame("v1"));
  EXPECT_EQ(c.read(), close_frame(1000));
  c.send(close_frame(1000));
  EXPECT_TRUE(c.at_end());
}

TEST_F(websockets, deflate_is_agreed_on_and_used) {
  serve_echo({.deflate = {.on = true}});
  socket_client c = open("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
  EXPECT_NE(c.head().find("\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                          "client_no_context_takeover; server_max_window_bits=12\r\n"),
            std::string::npos);
  const std::string text(5000, 'x');
  rfc6455::deflater d(15, 8, 6);
  std::string packed;
  d.compress(text, packed);
  for (int i = 0; i < 2; ++i) {
    c.send(frame{opcode::text, packed, true, 4});
    const auto back = c.read();
    ASSERT_TRUE(back);
    EXPECT_EQ(back->reserved, 4);
    EXPECT_LT(back->payload.size(), 200U);
    rfc6455::inflater in(12);
    std::string plain;
    EXPECT_EQ(in.inflate(back->payload, plain, 10'000), rfc6455::inflater::outcome::good);
    EXPECT_EQ(in.finish(plain, 10'000), rfc6455::inflater::outcome::good);
    EXPECT_EQ(plain, text);
  }
  close(c);
}

TEST_F(websockets, long_messages_go_out_in_frames) {
  serve_echo({.fragment_bytes = 1000});
  socket_client c = open();
  const std::string text(2500, 'x');
  c.send(text_frame(text));
  const auto first = c.read();
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->fin);
  EXPECT_EQ(first->payload.size(), 1000U);
  EXPECT_EQ(c.read(), (frame{opcode::continuation, text.substr(0, 1000), false}));
  EXPECT_EQ(c.read(), (frame{opcode::continuation, text.substr(0, 500), true}));
  close(c);
}

TEST_F(websockets, rfc6455_5_5_2_pings_are_answered) {
  serve_echo();
  socket_client c = open();
  c.send({ping_frame("one"), ping_frame("two")});
  EXPECT_EQ(c.read(), pong_frame("one"));
  EXPECT_EQ(c.read(), pong_frame("two"));
  close(c);
}

TEST_F(websockets, rfc6455_7_1_7_broken_rules_end_it_with_their_code) {
  serve_echo({.max_message = 1000});
  const std::pair<std::string, int> cases[] = {{bare(text_frame("not masked")), 1002},
                                               {masked(text_frame("\xff")), 1007},
                                               {masked(text_frame(std::string(1001, 'x'))), 1009},
                                               {masked(frame{static_cast<opcode>(3), ""}), 1002}};
  for (const auto& [bytes, code] : cases) {
    socket_client c = open();
    c.send_bytes(bytes);
    const auto f = c.read();
    ASSERT_TRUE(f);
    EXPECT_THAT(*f, closes_with(code));
    EXPECT_TRUE(c.at_end());
  }
}

TEST_F(websockets, tells_why_the_peer_closed) {
  outcome_queue<std::pair<int, std::string>> why;
  serve_at_ws([&](request& r) {
    websocket ws(r);
    while (ws.receive([](ws_message) {})) {
    }
    why.put({ws.close_status(), std::string(ws.close_reason())});
    return ws.end();
  });
  socket_client c = open();
  c.send(close_frame(4001, "so long"));
  EXPECT_EQ(c.read(), close_frame(4001));
  EXPECT_EQ(why.take(), std::pair(4001, std::string("so long")));
  socket_client d = open();
  d.send(frame{opcode::close, ""});
  EXPECT_EQ(d.read(), (frame{opcode::close, ""}));
  EXPECT_EQ(why.take(), std::pair(1005, std::string()));
}

TEST_F(websockets, mail_and_frames_come_in_one_receive) {
  outcome_queue<runtime::pid> who;
  serve_at_ws([&](request& r) {
    websocket ws(r);
    who.put(runtime::self());
    while (ws.receive([&](ws_message m) { ws.send("frame " + m.data); },
                      [&](line l) { ws.send("mail " + l.text); }, [&](go) { ws.close(4000, "told to"); })) {
    }
    return ws.end();
  });
  socket_client c = open();
  const runtime::pid p = who.take().value();
  for (int i = 0; i < 3; ++i) {
    tell(p, line{"m"});
    EXPECT_EQ(c.read(), text_frame("mail m"));
    c.send(text_frame("f"));
    EXPECT_EQ(c.read(), text_frame("frame f"));
  }
  tell(p, go{});
  EXPECT_EQ(c.read(), close_frame(4000, "told to"));
  c.send(close_frame(4000));
  EXPECT_TRUE(c.at_end());
}

TEST_F(websockets, frames_and_mail_take_turns) {
  outcome_queue<runtime::pid> who;
  event& all_there = new_event();
  serve_at_ws([&](request& r) {
    websocket ws(r);
    who.put(runtime::self());
    runtime::receive_one<go>();
    while (ws.receive([&](ws_message m) { ws.send(m.data); }, [&](line l) { ws.send(l.text); })) {
    }
    all_there.happen();
    return ws.end();
  });
  socket_client c = open();
  const runtime::pid p = who.take().value();
  c.send({text_frame("f"), text_frame("f"), text_frame("f"), text_frame("f")});
  for (int i = 0; i < 4; ++i)
    tell(p, line{"m"});
  tell(p, go{});
  std::string order;
  for (int i = 0; i < 8; ++i)
    order += c.read().value_or(text_frame("-")).payload;
  EXPECT_NE(order.find("mf"), std::string::npos);
  EXPECT_EQ(order.find("mmmm"), std::string::npos) << order;
  EXPECT_EQ(std::count(order.begin(), order.end(), 'm'), 4);
  close(c);
  EXPECT_TRUE(all_there.await());
}

TEST_F(websockets, after_ends_a_wait_that_own_mail_does_not_shorten_or_prolong) {
  serve_at_ws([](request& r) {
    websocket ws(r);
    int times = 0;
    while (ws.receive([](ws_message) {}, runtime::after(1ms, [&] {
                        if (++times == 3)
                          ws.close(4000, "time");
                      }))) {
    }
    return ws.end();
  });
  socket_client c = open();
  EXPECT_EQ(c.read(), close_frame(4000, "time"));
  c.send(close_frame(4000));
  EXPECT_TRUE(c.at_end());
}

TEST_F(websockets, rfc6455_5_5_1_nothing_is_sent_or_delivered_after_close) {
  outcome_queue<std::string> seen;
  serve_at_ws([&](request& r) {
    websocket ws(r);
    ws.close();
    EXPECT_FALSE(ws.send("late"));
    EXPECT_FALSE(ws.send(shared_frame::text("late")));
    while (ws.receive([&](ws_message m) { seen.put(m.data); })) {
    }
    seen.put("end " + std::to_string(ws.close_status()));
    return ws.end();
  });
  socket_client c = open();
  EXPECT_EQ(c.read(), close_frame(1000));
  c.send({text_frame("crossing"), ping_frame("p"), close_frame(1000)});
  EXPECT_EQ(seen.take(), "end 1000");
  EXPECT_TRUE(c.at_end());
}

TEST_F(websockets, peer_that_does_not_answer_a_close_is_left_after_a_while) {
  serve_at_ws([](request& r) {
    websocket ws(r, {.close_within = 1ms});
    ws.close();
    while (ws.receive([](ws_message) {})) {
    }
    EXPECT_EQ(ws.close_status(), close_code::abnormal);
    return ws.end();
  });
  socket_client c = open();
  EXPECT_EQ(c.read(), close_frame(1000));
  EXPECT_TRUE(c.at_end());
}

TEST_F(websockets, handler_that_is_done_closes_and_waits_for_the_answer) {
  serve_at_ws([](request& r) {
    websocket ws(r);
    ws.send("only this");
    return ws.end();
  });
  socket_client c = open();
  EXPECT_EQ(c.read(), text_frame("only this"));
  EXPECT_EQ(c.read(), close_frame(1000));
  c.send(close_frame(1000));
  EXPECT_TRUE(c.at_end());
}

TEST_F(websockets, crash_closes_with_1011) {
  serve_at_ws([](request& r) -> response {
    websocket ws(r);
    while (ws.receive([](const ws_message& m) { throw std::runtime_error(m.data); })) {
    }
    return ws.end();
  });
  socket_client c = open();
  c.send(text_frame("thrown on purpose"));
  EXPECT_EQ(c.read(), close_frame(1011));
  EXPECT_TRUE(c.at_end());
  await([](const auto& s) { return s.crashed == 1; });
}

TEST_F(websockets, text_that_is_no_utf8_is_not_sent) {
  serve_at_ws([](request& r) {
    websocket ws(r);
    EXPECT_THROW(ws.send("\xff"), std::invalid_argument);
    EXPECT_THROW(shared_frame::text("\xff"), std::invalid_argument);
    ws.send_binary("\xff");
    return ws.end();
  });
  socket_client c = open();
  EXPECT_EQ(c.read(), binary_frame("\xff"));
}

TEST_F(websockets, peer_that_vanishes_ends_the_process_as_client_gone) {
  serve_echo();
  for (const bool reset : {false, true}) {
    socket_client c = open();
    ASSERT_TRUE(c.is_open());
    c.send(ping_frame(""));
    EXPECT_EQ(c.read(), pong_frame(""));
    reset ? c.raw().reset() : c.raw().close();
  }
  await([](const auto& s) { return s.client_gone == 2; });
}

TEST_F(websockets, silent_peer_is_pinged_and_then_gone) {
  serve_echo({.ping_every = 1ms, .pong_within = 1ms});
  socket_client c = open();
  EXPECT_EQ(c.read(), ping_frame(""));
  await([](const auto& s) { return s.client_gone == 1; });
}

TEST_F(websockets, peer_that_answers_pings_stays) {
  serve_echo({.ping_every = 1ms, .pong_within = 60s});
  socket_client c = open();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(c.read(), ping_frame(""));
    c.send(pong_frame(""));
  }
  c.send(close_frame(1000));
  for (auto f = c.read(); f && f->op != opcode::close; f = c.read()) {
  }
  EXPECT_TRUE(c.at_end());
}

TEST_F(websockets, order_to_shut_down_closes_with_1001) {
  serve_echo({.close_within = 60s});
  socket_client c = open();
  c.send(ping_frame(""));
  EXPECT_EQ(c.read(), pong_frame(""));
  begin_stop(server());
  EXPECT_EQ(c.read(), close_frame(1001));
  c.send(close_frame(1001));
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_end(server()), runtime::exit_reason::shutdown());
}

TEST_F(websockets, end_of_a_linked_process_closes_with_1011) {
  serve_at_ws([](request& r) {
    websocket ws(r);
    runtime::spawn_link([] { runtime::exit(runtime::exit_reason::custom("room is gone")); });
    while (ws.receive([](ws_message) {})) {
    }
    return ws.end();
  });
  socket_client c = open();
  EXPECT_EQ(c.read(), close_frame(1011));
  await([](const auto& s) { return s.crashed == 1; });
}

TEST_F(websockets, handler_may_take_exits_of_linked_processes_itself) {
  serve_at_ws([](request& r) {
    websocket ws(r);
    runtime::spawn_link([] { runtime::exit(runtime::exit_reason::custom("room is gone")); });
    while (ws.receive([](ws_message) {}, [&](const runtime::exited& e) { ws.send(e.reason.text()); })) {
    }
    return ws.end();
  });
  socket_client c = open();
  EXPECT_EQ(c.read(), text_frame("room is gone"));
  close(c);
}

TEST_F(websockets, slow_reader_is_waited_for_and_then_ended) {
  serve_at_ws(
      [](request& r) {
        websocket ws(r);
        const std::string much(1U << 20U, 'x');
        while (ws.send_binary(much)) {
        }
        return ws.end();
      },
      {.write_time = 50ms});
  socket_client c(server().port, "/ws", {}, 4096);
  ASSERT_TRUE(c.is_open());
  await([](const auto& s) { return s.slow_readers == 1; });
}

TEST_F(websockets, shared_frame_reaches_all_in_the_form_that_each_agreed_on) {
  outcome_queue<runtime::pid> who;
  serve_at_ws([&](request& r) {
    websocket ws(r, {.deflate = {.on = true, .send_takeover = true}});
    who.put(runtime::self());
    while (ws.receive([&](ws_message m) { ws.send(m); }, [&](const shared_frame& f) { ws.send(f); })) {
    }
    return ws.end();
  });
  const std::string text(1000, 'x');
  socket_client plain = open();
  socket_client packed = open("Sec-WebSocket-Extensions: permessage-deflate\r\n");
  socket_client small = open("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n");
  std::vector<runtime::pid> all{who.take().value(), who.take().value(), who.take().value()};
  // their processes may have come in any order; the first compressed one sets the window
  const auto shared = shared_frame::text(text);
  EXPECT_EQ(shared.data(), text);
  for (const runtime::pid p : all)
    tell(p, shared);
  EXPECT_EQ(plain.read(), text_frame(text));
  rfc6455::inflater in(15);
  for (int i = 0; i < 2; ++i) {
    const auto f = packed.read();
    ASSERT_TRUE(f);
    EXPECT_EQ(f->reserved, 4);
    std::string out;
    EXPECT_EQ(in.inflate(f->payload, out, 10'000), rfc6455::inflater::outcome::good);
    EXPECT_EQ(in.finish(out, 10'000), rfc6455::inflater::outcome::good);
    EXPECT_EQ(out, text);
    packed.send(text_frame(text)); // its own context begins anew behind a shared frame
  }
  const auto f = small.read();
  ASSERT_TRUE(f);
  EXPECT_TRUE(f->reserved == 4 || f->payload == text);
  close(plain);
}

} // namespace
} // namespace perron::httpd
