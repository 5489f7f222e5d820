// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/certificates.hpp"
#include "support/node_fixture.hpp"
#include "support/raw_client.hpp"
#include "support/tls_wire.hpp"

#include <perron/httpd/server.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/tls/server_context.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

namespace perron::httpd {

inline void PrintTo(const server_stats& s, std::ostream* out) {
  *out << s.connections << " connections, " << s.accepted << " accepted, " << s.requests << " requests, "
       << s.running << " running, " << s.crashed << " crashed, " << s.client_gone << " client gone, "
       << s.slow_readers << " slow readers, " << s.late << " late, " << s.drained << " drained, " << s.killed
       << " killed, " << s.in_flight << " bytes in flight, " << s.refused << " refused, " << s.limited
       << " limited, " << s.turned_away << " turned away";
}

} // namespace perron::httpd

namespace perron::testing {

/// Servers in a node; the test itself is an ordinary thread and their client. At its end every request must
/// be over, every server stops in order, and nothing may be left.
class server_fixture : public node_fixture {
protected:
  /// One server, and the process that it is linked to.
  struct served {
    runtime::pid who;
    std::uint16_t port = 0;
    runtime::pid keeper;
    std::shared_ptr<outcome_queue<runtime::exit_reason>> end; ///< why it ended
    bool runs = true;
  };
  using stats_type = httpd::server_stats;

  using node_fixture::node_fixture;

  void TearDown() override {
    for (served& s : servers_)
      if (s.runs) {
        await(s, [](const stats_type& now) { return now.running == 0; });
        EXPECT_EQ(stop_server(s), runtime::exit_reason::shutdown());
      }
    node_fixture::TearDown();
  }

  /// Starts a server on any port; all later calls are about the one started last unless they say otherwise.
  served& serve(httpd::hosts sites, httpd::server_options options = {}) {
    if (over_tls() && options.tls == nullptr)
      options.tls = test_context();
    options.tls_uses_kernel |= told_of_tls() == "kernel";
    return serve_plain(std::move(sites), std::move(options));
  }
  /// The same, in the clear whatever the suite runs over.
  served& serve_plain(httpd::hosts sites, httpd::server_options options = {}) {
    options.port = 0;
    return serve_as_told(std::move(sites), std::move(options));
  }

  served& serve_as_told(httpd::hosts sites, httpd::server_options options) {
    struct started {
      runtime::result<runtime::pid> who;
      runtime::result<std::uint16_t> port;
    };
    auto result = std::make_shared<outcome_queue<started>>();
    auto end = std::make_shared<outcome_queue<runtime::exit_reason>>();
    const runtime::pid keeper = node().spawn({.name = {}, .trap_exit = true}, [=] {
      auto made = httpd::start_server(options, sites);
      if (!made) {
        result->put({made.error(), made.error()});
        return;
      }
      const runtime::pid server = *made;
      result->put({server, httpd::server_port(server)});
      for (bool runs = true; runs;)
        runtime::receive([&](stop_it) { runtime::exit(server, runtime::exit_reason::shutdown()); },
                         [&](runtime::exited e) {
                           if (e.from != server)
                             return;
                           runs = false;
                           end->put(std::move(e.reason));
                         });
    });
    auto how = result->take();
    error_ = how && !how->who ? how->who.error().text : std::string();
    servers_.push_back({});
    served& s = servers_.back();
    s.runs = how && how->who;
    if (s.runs)
      s = {*how->who, how->port.value(), keeper, end};
    return s;
  }

  served& server() { return servers_.back(); }
  /// Why the last start failed; empty if it did not.
  const std::string& start_error() const { return error_; }
  /// With a small `receive_buffer` one that is soon slow to read.
  raw_client client(int receive_buffer = 0) { return client_at(server().port, receive_buffer); }
  static raw_client client_at(std::uint16_t port, int receive_buffer = 0) {
    raw_client c(receive_buffer);
    EXPECT_TRUE(c.connect(port));
    if (over_tls())
      secure(c);
    return c;
  }

  /// Whether the whole suite runs over TLS, with PERRON_TEST_TLS in the environment: serve() and client() do
  /// it. With "kernel" in it servers have the kernel seal what they send.
  static bool over_tls() { return !told_of_tls().empty(); }
  static std::string_view told_of_tls() {
    static const char* const told = std::getenv("PERRON_TEST_TLS");
    return told != nullptr ? told : "";
  }
  /// With a certificate for "localhost" and "127.0.0.1".
  static std::shared_ptr<runtime::tls::server_context> test_context() {
    static const std::shared_ptr<runtime::tls::server_context> made = [] {
      test_authority authority;
      const auto paths = authority.issue("server");
      return runtime::tls::server_context::make({.certificates = {{paths.certificate, paths.key}}}).value();
    }();
    return made;
  }

  /// An ordered stop; gives the server's reason.
  runtime::exit_reason stop_server(served& s) {
    begin_stop(s);
    return await_end(s);
  }
  runtime::exit_reason stop_server() { return stop_server(server()); }
  void begin_stop(served& s) { runtime::send(s.keeper, stop_it{}); }
  runtime::exit_reason await_end(served& s) {
    s.runs = false;
    return s.end->take().value_or(runtime::exit_reason::custom("it did not end"));
  }

  stats_type stats(served& s) {
    stats_type out;
    run([&] { out = httpd::stats_of(s.who).value(); });
    return out;
  }
  stats_type stats() { return stats(server()); }

  /// Waits until the figures are as `condition` wants them; gives them.
  template <class F>
  stats_type await(served& s, F&& condition) {
    stats_type out;
    run([&] {
      yield_until([&] {
        out = httpd::stats_of(s.who).value();
        return condition(out);
      });
    });
    return out;
  }
  template <class F>
  stats_type await(F&& condition) {
    return await(server(), std::forward<F>(condition));
  }
  stats_type await_no_connection() {
    return await([](const stats_type& now) { return now.connections == 0 && now.running == 0; });
  }

  /// Waits until a request's process waits for its socket.
  void await_waiting(runtime::pid who, runtime::core::wait_kind what) {
    run([&] { yield_until([&] { return who.slot()->waits_for.load() == what; }); });
  }

  /// An event that outlives the test's body, for handlers that may.
  event& new_event(unsigned times = 1) { return events_.emplace_back(times); }

private:
  struct stop_it {};

  std::deque<event> events_;
  std::deque<served> servers_; ///< a deque: references to its elements stay good
  std::string error_;
};

/// Waits for ever, in a request.
struct never {};
inline httpd::response wait_for_ever(httpd::request&) {
  runtime::receive_one<never>();
  return {};
}

/// Lets its event happen when it is destroyed, as the last a request does.
struct on_exit {
  event& over;
  ~on_exit() { over.happen(); }
};

} // namespace perron::testing
