// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/stream.hpp>

#include "runtime/net/connections.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <vector>

namespace perron::runtime::net {
namespace {

using namespace std::chrono_literals;
using namespace perron::testing;

using Connect = net_fixture;

bool has_nodelay(const stream& s) {
  int value = 0;
  ::socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(s.descriptor(), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
  return value != 0;
}

TEST_F(Connect, IsRefusedWhereNobodyListens) {
  run([] {
    auto door = listener::open(address::loopback(0)).value();
    const address where = door.local();
    door.close();
    const auto s = connect(where);
    ASSERT_FALSE(s);
    EXPECT_EQ(s.error().code, ECONNREFUSED);
    EXPECT_EQ(s.error().text, "connect to " + where.to_string() + ": Connection refused");
  });
}

TEST_F(Connect, FindsNoUnixSocketWhereThereIsNone) {
  run([] {
    EXPECT_EQ(code_of(connect(address::parse("unix:/no/such/socket").value())), ENOENT);
    EXPECT_EQ(code_of(connect(address::parse("unix:@perron-test-nobody").value())), ECONNREFUSED);
  });
}

TEST_F(Connect, RefusesAnAddressThatIsNone) {
  run([] { EXPECT_EQ(code_of(connect(address())), EAFNOSUPPORT); });
}

TEST_F(Connect, BothEndsSendSmallWritesAtOnce) {
  run([] {
    auto [here, there] = tcp_pair();
    EXPECT_TRUE(has_nodelay(here));
    EXPECT_TRUE(has_nodelay(there));
    ASSERT_TRUE(here.set_nodelay(false));
    EXPECT_FALSE(has_nodelay(here));
  });
}

TEST_F(Connect, EndsByItsTimeWhereNobodyAnswers) {
  run([] {
    // a full backlog leaves new connections without an answer
    auto door = listener::open(address::loopback(0), {.backlog = 0}).value();
    std::vector<stream> waiting;
    result<stream> last = connect(door.local(), 100ms);
    while (last && waiting.size() < 10) {
      waiting.push_back(std::move(*last));
      last = connect(door.local(), 100ms);
    }
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().code, ETIMEDOUT);
    EXPECT_NE(last.error().text.find("no time left"), std::string::npos);
  });
}

TEST_F(Connect, WaitsForRoomInAUnixBacklog) {
  run([] {
    auto door = listener::open(address::unix_abstract("perron-test-backlog").value(), {.backlog = 0}).value();
    constexpr int clients = 5;
    std::vector<monitored> all;
    for (int i = 0; i < clients; ++i)
      all.push_back(spawn_monitor([where = door.local()] {
        auto s = connect(where).value();
        EXPECT_EQ(read_to_the_end(s), "hello");
      }));
    // more than one cannot be in there, so others have to wait
    await_waiting(all.back().who, core::wait_kind::readable);
    for (int i = 0; i < clients; ++i)
      ASSERT_TRUE(door.accept().value().write("hello"));
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
  });
}

TEST_F(Connect, EndsByItsTimeAtAFullUnixBacklog) {
  run([] {
    auto door = listener::open(address::unix_abstract("perron-test-full").value(), {.backlog = 0}).value();
    auto first = connect(door.local()).value();
    EXPECT_EQ(code_of(connect(door.local(), 20ms)), ETIMEDOUT);
    EXPECT_EQ(code_of(connect(door.local(), 0ms)), ETIMEDOUT);
  });
}

TEST_F(Connect, CanBeEndedWhileItWaits) {
  run([] {
    auto door = listener::open(address::unix_abstract("perron-test-kill").value(), {.backlog = 0}).value();
    auto first = connect(door.local()).value();
    const auto late = spawn_monitor([where = door.local()] { static_cast<void>(connect(where)); });
    await_waiting(late.who, core::wait_kind::readable);
    exit(late.who, exit_reason::kill());
    EXPECT_EQ(reason_of(late.ref), exit_reason::killed());
  });
}

} // namespace
} // namespace perron::runtime::net
