// SPDX-License-Identifier: BSD-3-Clause
// Connections that speak TLS: the handshake, how they end, what a handler learns. That requests, streams and
// upgrades work the same as without is shown by the other suites, which run over TLS a second time
// (PERRON_TEST_TLS, see server_fixture.hpp).
#include <perron/httpd/core/connection.hpp>

#include "httpd/server_fixture.hpp"
#include "support/tls_wire.hpp"

#include <perron/runtime/tls/server_context.hpp>
#include <perron/runtime/tls/session_info.hpp>
#include <perron/supervisors/request_supervisor.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
namespace tls = runtime::tls;
using ::testing::HasSubstr;

certificate_plan called(const std::string& name) { return {.common_name = name, .names = {name}}; }

class connection_tls_test : public server_fixture {
protected:
  static router pages() {
    return router()
        .get("/", [](request&) { return text("root"); })
        .get("/secure", [](request& r) { return text(r.is_secure() ? "yes" : "no"); })
        .get("/peer", [](request& r) { return text(r.peer()); })
        .get("/who",
             [](request& r) {
               const tls::session_info& info = *r.tls();
               return text(std::string(info.version) + ' ' + std::string(info.server_name) + ' ' +
                           (info.resumed ? "resumed " : "full ") +
                           (info.peer == nullptr  ? "nobody"
                            : info.peer->verified ? info.peer->subject
                                                  : "not " + info.peer->subject));
             })
        .post("/", [](request& r) { return text(std::string(r.body())); });
  }
  static server_options secure(server_options options = {}) {
    options.tls = test_context();
    return options;
  }
  /// Asks those who connect for certificates that `issuer` has signed.
  server_options asking(tls::client_certificates how, const test_authority& issuer) {
    const auto own = authority_.issue("server");
    tls::server_options told{.certificates = {{own.certificate, own.key}}};
    told.client = how;
    told.client_ca = issuer.certificate();
    server_options options;
    options.tls = tls::server_context::make(told).value();
    return options;
  }
  /// GET /who by the host that the handshake named.
  std::string who(const tls_wire_options& options) {
    return secure_client(options).ask("GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n").body;
  }
  raw_client secure_client(const tls_wire_options& options = {}) {
    return testing::secure_client(server().port, options);
  }
  /// Why a handshake fails; empty: it does not.
  std::string refusal(const tls_wire_options& options = {}) {
    const raw_client c = raw_client::to(server().port);
    std::string why;
    const auto wire = tls_wire::shake_hands(c.descriptor(), options, &why);
    if (wire == nullptr)
      return why;
    // in TLS 1.3 the client is done before the server has judged its certificate
    char byte;
    return wire->send("G", 1) == 1 && wire->receive(&byte, 1) == 0 ? std::string() : "refused";
  }

private:
  test_authority authority_;
};

TEST_F(connection_tls_test, the_kernel_seals_where_it_can_and_nothing_else_changes) {
  server_options options;
  options.tls_uses_kernel = true;
  serve(pages(), secure(options));
  for (const bool old : {false, true}) {
    raw_client c = secure_client({.only_1_2 = old});
    for (int i = 0; i < 10; ++i)
      EXPECT_EQ(c.ask("GET /secure HTTP/1.1\r\nHost: test\r\n\r\n").body, "yes");
    const std::string body(100'000, 'b');
    const std::string head =
        "POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n";
    EXPECT_EQ(c.ask(head + body).body, body);
    EXPECT_TRUE(c.at_end());
  }
}

TEST_F(connection_tls_test, what_the_kernel_seals_reaches_a_slow_reader_whole_when_its_connection_ends) {
  const std::string large(1'000'000, 'l');
  server_options options;
  options.tls_uses_kernel = true;
  options.answers_half_closed = true;
  for (const std::size_t bound : {std::size_t(0), std::size_t(16) * 1024}) {
    options.max_unsent = bound;
    serve(router().get("/", [&](request&) { return text(large); }), secure(options));
    raw_client c(4096);
    ASSERT_TRUE(c.connect(server().port));
    testing::secure(c);
    EXPECT_TRUE(c.ask("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").body == large);
    EXPECT_TRUE(c.at_end());
    // it has said all itself and would go on
    raw_client half(4096);
    ASSERT_TRUE(half.connect(server().port));
    testing::secure(half);
    ASSERT_TRUE(half.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
    half.shut_writing();
    EXPECT_TRUE(half.read().body == large);
    EXPECT_TRUE(half.at_end());
    EXPECT_EQ(stop_server(), runtime::exit_reason::shutdown());
  }
}

TEST_F(connection_tls_test, a_request_is_answered_and_the_connection_goes_on) {
  serve(pages(), secure());
  raw_client c = secure_client();
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(c.get("/").body, "root");
  EXPECT_EQ(c.get("/secure").body, "yes");
  EXPECT_EQ(c.get("/who").body, "TLSv1.3 localhost full nobody");
  EXPECT_EQ(stats().accepted, 1U);
  EXPECT_EQ(stats().handshakes, 1U);
  EXPECT_EQ(stats().requests, 102U); // a handshake is none
  EXPECT_EQ(stats().handshakes_failed, 0U);
}

TEST_F(connection_tls_test, tls_1_2_too) {
  serve(pages(), secure());
  raw_client c = secure_client({.only_1_2 = true});
  EXPECT_EQ(c.get("/who").body, "TLSv1.2 localhost full nobody");
}

TEST_F(connection_tls_test, without_tls_a_request_is_not_secure) {
  serve_plain(pages());
  EXPECT_EQ(raw_client::to(server().port).get("/secure").body, "no");
}

TEST_F(connection_tls_test, a_session_is_resumed) {
  serve(pages(), secure());
  for (const bool only_1_2 : {false, true}) {
    std::shared_ptr<::ssl_session_st> kept;
    {
      raw_client c = raw_client::to(server().port);
      auto wire = tls_wire::shake_hands(c.descriptor(), {.only_1_2 = only_1_2});
      ASSERT_NE(wire, nullptr);
      const tls_wire& of = *wire;
      c.speak_through(std::move(wire));
      EXPECT_EQ(c.get("/").body, "root");
      kept = of.session();
    }
    raw_client c = secure_client({.only_1_2 = only_1_2, .resume = kept});
    EXPECT_THAT(c.get("/who").body, HasSubstr("resumed"));
  }
}

// -- many requests and large ones

TEST_F(connection_tls_test, what_a_session_holds_is_not_forgotten) {
  serve(pages(), secure());
  raw_client c = secure_client();
  // in one record and one arrival: while the first is answered, the others lie in the session or behind it
  std::string three;
  for (int i = 0; i < 3; ++i)
    three += "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (int round = 0; round < 50; ++round) {
    ASSERT_TRUE(c.send(three));
    for (int i = 0; i < 3; ++i)
      ASSERT_EQ(c.read().body, "root");
  }
  // each in a record of its own
  const std::string one = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(c.send(one));
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(c.read().body, "root");
}

TEST_F(connection_tls_test, bodies_of_many_records_go_both_ways) {
  serve(pages(), secure({.max_body = std::size_t(8) << 20}));
  raw_client c = secure_client();
  std::string body(3'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997)
    body[i] = static_cast<char>('a' + i % 26);
  std::thread writer([&] {
    c.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body);
  });
  writer.join();
  const answer a = c.read();
  EXPECT_EQ(a.status, 200);
  EXPECT_TRUE(a.body == body);
}

TEST_F(connection_tls_test, rfc8446_4_6_3_keys_are_changed_while_it_is_used) {
  serve(pages(), secure());
  raw_client c = raw_client::to(server().port);
  auto wire = tls_wire::shake_hands(c.descriptor(), {});
  ASSERT_NE(wire, nullptr);
  tls_wire& of = *wire;
  c.speak_through(std::move(wire));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(of.update_key());
    ASSERT_EQ(c.get("/").body, "root");
  }
}

// -- ends

TEST_F(connection_tls_test, rfc8446_6_1_says_goodbye_when_it_closes) {
  serve(pages(), secure());
  raw_client c = secure_client();
  EXPECT_EQ(c.get("/", "Connection: close\r\n").body, "root");
  EXPECT_TRUE(c.at_end()); // an end without close_notify would be none
}

TEST_F(connection_tls_test, rfc8446_6_1_a_goodbye_ends_it) {
  serve(pages(), secure());
  raw_client c = secure_client();
  EXPECT_EQ(c.get("/").body, "root");
  c.close();
  await_no_connection();
}

TEST_F(connection_tls_test, rfc8446_6_1_one_that_is_cut_is_a_peer_that_has_left) {
  serve(pages(), secure());
  raw_client idle = secure_client();
  EXPECT_EQ(idle.get("/").body, "root");
  idle.close_at_once();
  await_no_connection();
  raw_client in_a_body = secure_client();
  ASSERT_TRUE(in_a_body.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345"));
  await([](const stats_type& now) { return now.running == 1; });
  in_a_body.close_at_once();
  await([](const stats_type& now) { return now.client_gone == 1; });
  await_no_connection();
}

TEST_F(connection_tls_test, bad_bytes_end_it) {
  serve(pages(), secure());
  raw_client c = secure_client();
  EXPECT_EQ(c.get("/").body, "root");
  EXPECT_GT(::send(c.descriptor(), "this is no record", 17, MSG_NOSIGNAL), 0);
  EXPECT_FALSE(c.at_end()); // an alert
  await_no_connection();
}

TEST_F(connection_tls_test, an_idle_one_ends_in_time) {
  serve(pages(), secure({.idle_time = 20ms}));
  raw_client c = secure_client();
  EXPECT_EQ(c.get("/").body, "root");
  EXPECT_TRUE(c.at_end());
}

TEST_F(connection_tls_test, one_that_sends_no_head_gets_a_408) {
  serve(pages(), secure({.head_time = 20ms}));
  raw_client c;
  answer a;
  // on a slow machine the time may be over before the first byte came
  for (int i = 0; i < 1000 && a.status == 0; ++i) {
    c = secure_client();
    a = c.ask("GET / HTTP/1.1\r\n");
  }
  EXPECT_EQ(a.status, 408);
  EXPECT_TRUE(c.at_end());
}

TEST_F(connection_tls_test, a_stop_says_goodbye_to_idle_ones) {
  served& s = serve(pages(), secure());
  raw_client c = secure_client();
  EXPECT_EQ(c.get("/").body, "root");
  begin_stop(s);
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_end(s), runtime::exit_reason::shutdown());
}

// -- handshakes

TEST_F(connection_tls_test, rfc9110_15_5_1_plain_http_is_told_that_it_has_to_be_tls) {
  serve(pages(), secure());
  raw_client c = raw_client::to(server().port);
  const answer a = c.get("/");
  EXPECT_EQ(a.status, 400);
  EXPECT_THAT(a.body, HasSubstr("this port speaks TLS"));
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(stats().handshakes_failed, 1U);
  EXPECT_EQ(stats().requests, 0U);
}

TEST_F(connection_tls_test, who_speaks_neither_is_closed) {
  serve(pages(), secure());
  raw_client c = raw_client::to(server().port);
  ASSERT_TRUE(c.send(std::string("\0\1\2\3 something else that is neither of them", 40)));
  c.read_to_end();
  c.close();
  await_no_connection();
  EXPECT_EQ(stats().handshakes_failed, 1U);
}

TEST_F(connection_tls_test, who_says_nothing_is_closed_in_time) {
  serve(pages(), secure({.handshake_time = 20ms}));
  raw_client c = raw_client::to(server().port);
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(stats().handshakes, 0U);
}

TEST_F(connection_tls_test, a_handshake_that_does_not_go_on_ends_in_time) {
  serve(pages(), secure({.handshake_time = 20ms}));
  // on a slow machine the time may be over before the first byte came
  for (int i = 0; i < 1000 && stats().handshakes_failed == 0; ++i) {
    raw_client c = raw_client::to(server().port);
    c.send(std::string("\x16\x03\x01\x02\x00\x01", 6)); // a ClientHello begins
    c.read_to_end();
    c.close();
    await_no_connection();
  }
  EXPECT_EQ(stats().handshakes_failed, 1U);
}

TEST_F(connection_tls_test, a_handshake_is_listed_while_it_lasts_and_ended_by_a_stop) {
  served& s = serve(pages(), secure());
  raw_client c = raw_client::to(s.port);
  ASSERT_TRUE(c.send(std::string("\x16\x03\x01\x02\x00\x01", 6)));
  await([](const stats_type& now) { return now.handshakes == 1; });
  run([&] {
    const auto page = supervisors::which_requests(s.who).value();
    ASSERT_EQ(page.requests.size(), 1U);
    EXPECT_EQ(page.requests[0].label, "TLS handshake");
  });
  EXPECT_EQ(stop_server(s), runtime::exit_reason::shutdown());
  EXPECT_TRUE(c.at_end());
}

TEST_F(connection_tls_test, who_leaves_in_a_handshake_costs_nothing) {
  serve(pages(), secure());
  for (int i = 0; i < 20; ++i) {
    raw_client c = raw_client::to(server().port);
    ASSERT_TRUE(c.send(std::string("\x16\x03\x01\x02\x00\x01", 6)));
    if (i % 2 == 0)
      c.reset();
  }
  await_no_connection();
  EXPECT_EQ(stats().crashed, 0U);
  EXPECT_EQ(secure_client().get("/").body, "root");
}

TEST_F(connection_tls_test, more_handshakes_than_may_be_wait_for_their_turn) {
  serve(pages(), secure({.max_handshakes = 2})); // one on each worker
  // more than there may be on either worker, and none of them goes on
  std::vector<raw_client> slow;
  for (int i = 0; i < 16; ++i) {
    slow.push_back(raw_client::to(server().port));
    ASSERT_TRUE(slow.back().send(std::string("\x16\x03\x01\x02\x00\x01", 6)));
  }
  await([](const stats_type& now) { return now.handshakes == 2 && now.connections == 16; });
  // one that leaves while it waits does so at once; the others get their turn when those before them are gone
  for (raw_client& c : slow)
    c.close();
  await_no_connection();
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(secure_client().get("/").body, "root");
}

TEST_F(connection_tls_test, a_stop_closes_those_that_wait_for_their_turn) {
  served& s = serve(pages(), secure({.max_handshakes = 2}));
  std::vector<raw_client> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(raw_client::to(s.port));
    ASSERT_TRUE(slow.back().send(std::string("\x16\x03\x01\x02\x00\x01", 6)));
  }
  await([](const stats_type& now) { return now.handshakes >= 1 && now.connections == 8; });
  EXPECT_EQ(stop_server(s), runtime::exit_reason::shutdown());
  for (raw_client& c : slow)
    EXPECT_EQ(c.read_to_end(), "");
}

TEST_F(connection_tls_test, whom_there_is_no_room_for_is_told_so_by_an_alert) {
  serve(pages(), secure({.hard_limit = 1}));
  raw_client first = secure_client();
  EXPECT_EQ(first.get("/").body, "root");
  EXPECT_THAT(refusal(), HasSubstr("internal error"));
  EXPECT_EQ(stats().turned_away, 1U);
}

TEST_F(connection_tls_test, rfc6585_4_who_asks_too_fast_gets_a_429) {
  serve(pages(), secure({.per_address = {.requests_per_second = 1, .burst = 1}}));
  raw_client c = secure_client();
  EXPECT_EQ(c.get("/").body, "root");
  EXPECT_EQ(c.get("/").status, 429);
}

TEST_F(connection_tls_test, a_proxy_greets_before_the_handshake) {
  serve(pages(), secure({.proxy_protocol_from = {"127.0.0.1"}}));
  raw_client c = raw_client::to(server().port);
  ASSERT_TRUE(c.send("PROXY TCP4 192.0.2.7 192.0.2.1 5000 443\r\n"));
  auto wire = tls_wire::shake_hands(c.descriptor(), {});
  ASSERT_NE(wire, nullptr);
  c.speak_through(std::move(wire));
  EXPECT_EQ(c.get("/peer").body, "192.0.2.7:5000");
  EXPECT_EQ(c.get("/secure").body, "yes");
}

// -- who the client is, and whom it asks

TEST_F(connection_tls_test, a_handler_sees_the_certificate_of_the_client) {
  test_authority issuer("an issuer");
  const certificate_paths ann = issuer.issue("ann", called("ann"));
  test_authority others("another issuer");
  const certificate_paths stranger = others.issue("stranger", called("stranger"));
  serve(pages(), asking(tls::client_certificates::optional, issuer));
  EXPECT_EQ(who({}), "TLSv1.3 localhost full nobody");
  EXPECT_EQ(who({.certificate = ann.certificate, .key = ann.key}), "TLSv1.3 localhost full CN=ann");
  EXPECT_EQ(who({.certificate = stranger.certificate, .key = stranger.key}),
            "TLSv1.3 localhost full not CN=stranger");
}

TEST_F(connection_tls_test, a_certificate_may_be_required) {
  test_authority issuer("an issuer");
  const certificate_paths ann = issuer.issue("ann", called("ann"));
  serve(pages(), asking(tls::client_certificates::required, issuer));
  EXPECT_NE(refusal(), "");
  EXPECT_NE(refusal({.only_1_2 = true}), "");
  EXPECT_EQ(who({.certificate = ann.certificate, .key = ann.key}), "TLSv1.3 localhost full CN=ann");
  await([](const stats_type& now) { return now.handshakes_failed == 2; });
}

TEST_F(connection_tls_test,
       rfc9110_15_5_20_a_host_that_contradicts_sni_is_misdirected_where_certificates_count) {
  const test_authority issuer("an issuer");
  serve(pages(), asking(tls::client_certificates::optional, issuer));
  raw_client c = secure_client();
  EXPECT_EQ(c.ask("GET / HTTP/1.1\r\nHost: localhost:8443\r\n\r\n").status, 200);
  EXPECT_EQ(c.ask("GET / HTTP/1.1\r\nHost: LOCALHOST.\r\n\r\n").status, 200);
  EXPECT_EQ(c.ask("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n").status, 421);
  EXPECT_EQ(c.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
  EXPECT_EQ(secure_client({.server_name = ""}).get("/").status, 200);
  serve(pages(), secure());
  EXPECT_EQ(secure_client().ask("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n").status, 200);
}

TEST_F(connection_tls_test, rfc9110_7_4_a_resource_of_https_is_not_served_in_the_clear) {
  serve_plain(pages());
  raw_client c = raw_client::to(server().port);
  EXPECT_EQ(c.ask("GET https://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 421);
  EXPECT_EQ(c.ask("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
  serve(pages(), secure());
  EXPECT_EQ(secure_client().ask("GET https://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
}

TEST_F(connection_tls_test, certificates_are_read_again_without_losing_anybody) {
  test_authority authority;
  const auto paths = authority.issue("site", called("first"));
  server_options options;
  options.tls = tls::server_context::make({.certificates = {{paths.certificate, paths.key}}}).value();
  serve(pages(), options);
  const auto subject = [&] {
    const raw_client c = raw_client::to(server().port);
    const auto wire = tls_wire::shake_hands(c.descriptor(), {});
    return wire == nullptr ? std::string("none") : wire->server_subject();
  };
  EXPECT_EQ(subject(), "first");
  raw_client kept = secure_client();
  EXPECT_EQ(kept.get("/").body, "root");
  authority.issue("site", called("second"));
  ASSERT_TRUE(options.tls->reload());
  EXPECT_EQ(subject(), "second");
  EXPECT_EQ(kept.get("/").body, "root");
}

} // namespace
} // namespace perron::httpd::core
