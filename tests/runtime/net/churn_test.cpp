// SPDX-License-Identifier: BSD-3-Clause
// Many connections that come and go, in good and in bad ways, and nothing that is left over; the fixture
// checks.
#include <perron/runtime/net/active.hpp>

#include "runtime/net/connections.hpp"

#include <memory>
#include <vector>

namespace perron::runtime::net {
namespace {

using namespace perron::testing;

using Churn = net_fixture;

constexpr int clients = 40;
const int rounds = static_cast<int>(scaled(50, 10));

/// Serves until it is told to stop; each connection in a process of its own.
pid start_server(listener door, void (*serve)(stream&)) {
  return spawn([door = std::move(door), serve]() mutable {
    for (;;) {
      auto peer = door.accept();
      ASSERT_TRUE(peer) << peer.error().text;
      spawn([serve, s = std::move(*peer)]() mutable { serve(s); });
    }
  });
}

template <class Client>
void run_clients(const address& where, Client client) {
  std::vector<monitored> all;
  for (int c = 0; c < clients; ++c)
    all.push_back(spawn_monitor([=] {
      for (int i = 0; i < rounds; ++i) {
        auto s = connect(where);
        ASSERT_TRUE(s) << s.error().text;
        client(*s, i);
      }
    }));
  for (const monitored& m : all)
    EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
}

void ask_once(stream& s, int i) {
  const std::string text = "request " + std::to_string(i);
  ASSERT_TRUE(s.write(text));
  ASSERT_EQ(read_string(s, text.size()), text);
}

TEST_F(Churn, OfPoliteClients) {
  run([] {
    auto door = listener::open(address::loopback(0)).value();
    const address where = door.local();
    const pid server = start_server(std::move(door), &echo);
    run_clients(where, &ask_once);
    exit(server, exit_reason::shutdown());
  });
}

TEST_F(Churn, OfClientsThatReset) {
  run([] {
    auto door = listener::open(address::loopback(0)).value();
    const address where = door.local();
    const pid server = start_server(std::move(door), &echo);
    run_clients(where, [](stream& s, int i) {
      if (i % 2 == 0)
        static_cast<void>(s.write("half a requ"));
      close_by_reset(s);
    });
    exit(server, exit_reason::shutdown());
  });
}

TEST_F(Churn, OfServersThatDie) {
  run([] {
    auto door = listener::open(address::unix_abstract("perron-test-churn").value()).value();
    const address where = door.local();
    const pid server = start_server(std::move(door), [](stream& s) {
      std::array<char, 64> buffer;
      static_cast<void>(s.read(buffer));
      exit(exit_reason::shutdown());
    });
    run_clients(where, [](stream& s, int) {
      ASSERT_TRUE(s.write("hello"));
      std::array<char, 64> buffer;
      // a Unix socket that was closed with data unread says so
      const auto n = s.read(buffer);
      EXPECT_TRUE(!n || *n == 0);
    });
    exit(server, exit_reason::shutdown());
  });
}

TEST_F(Churn, OfActiveConnections) {
  run([] {
    auto door = listener::open(address::loopback(0)).value();
    const address where = door.local();
    const pid server = start_server(std::move(door), [](stream& s) {
      for (bool open = true; open;) {
        ASSERT_TRUE(active_once(s));
        open = receive([&](data d) { return static_cast<bool>(s.write(d.bytes)); },
                       [](closed) { return false; });
      }
    });
    run_clients(where, &ask_once);
    exit(server, exit_reason::shutdown());
  });
}

TEST_F(Churn, OfANodeThatStopsInTheMiddleOfIt) {
  auto door = listener::open(address::loopback(0)).value();
  const address where = door.local();
  node().spawn([door = std::move(door)]() mutable { start_server(std::move(door), &echo); });
  event under_way(clients);
  for (int c = 0; c < clients; ++c)
    node().spawn([&] {
      for (bool first = true;; first = false) {
        auto s = connect(where);
        if (!s)
          return; // the server ends before we do
        static_cast<void>(s->write("hello"));
        std::array<char, 5> buffer;
        static_cast<void>(s->read_exactly(buffer));
        if (first)
          under_way.happen();
      }
    });
  under_way.await("traffic");
  stop();
}

} // namespace
} // namespace perron::runtime::net
