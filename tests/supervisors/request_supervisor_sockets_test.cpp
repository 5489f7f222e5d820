// SPDX-License-Identifier: BSD-3-Clause
// The example of request_supervisor.hpp, run: a server of a protocol of its own with acceptors that are
// processes.
#include <perron/supervisors/request_supervisor.hpp>

#include "support/node_fixture.hpp"

#include <perron/runtime/net/listener.hpp>
#include <perron/runtime/net/stream.hpp>

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::supervisors {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using runtime::net::address;
using runtime::net::listener;
using runtime::net::stream;

/// Says back what it hears, until the other side sends no more.
void talk(stream& s) {
  std::array<char, 256> bytes;
  for (;;) {
    const auto n = s.read(bytes);
    if (!n || *n == 0)
      return;
    if (!s.write(std::string_view(bytes.data(), *n)))
      runtime::exit(runtime::exit_reason::client_gone());
  }
}

bool echoes(stream& s, std::string_view line) {
  std::string back(line.size(), ' ');
  return s.write(line) && s.read_exactly(back).value_or(0U) == line.size() && back == line;
}

class request_supervisor_sockets_test : public node_fixture {};

TEST_F(request_supervisor_sockets_test, serves_a_protocol_of_its_own) {
  constexpr std::size_t most = 3;
  run([&] {
    listener listening = listener::open(address::loopback(0)).value();
    const address where = listening.local();
    const auto lines =
        request_supervisor::start({.name = "lines", .limits = {.max_connections = most}}).value();
    const runtime::pid acceptor = runtime::spawn([lines, held = std::move(listening)]() mutable {
      for (;;) {
        stream s = held.accept().value();
        std::string peer = s.peer().value().to_string();
        if (!lines.start_request(std::move(peer), [s = std::move(s)]() mutable { talk(s); }))
          return;
      }
    });

    std::vector<stream> clients;
    for (std::size_t i = 0; i < most; ++i) {
      clients.push_back(runtime::net::connect(where).value());
      EXPECT_TRUE(echoes(clients.back(), "hello " + std::to_string(i)));
    }
    const request_page page = which_requests(lines.who()).value();
    ASSERT_EQ(page.requests.size(), most);
    // workers are listed one after the other, so the order is not that of the clients
    std::multiset<std::string> labels;
    for (const auto& request : page.requests)
      labels.insert(request.label);
    for (const stream& client : clients)
      EXPECT_EQ(labels.count(client.local().value().to_string()), 1U);

    stream fourth = runtime::net::connect(where).value();
    yield_until([&] { return acceptor.slot()->waits_for.load() == runtime::core::wait_kind::room; });
    clients[0].close();
    EXPECT_TRUE(echoes(fourth, "at last"));

    EXPECT_EQ(drain(lines.who(), 0ms).value().left, 0U);
    std::array<char, 1> nothing;
    for (stream* s : {&clients[1], &clients[2], &fourth})
      EXPECT_EQ(s->read(nothing).value(), 0U);
    const request_counts counts = count_requests(lines.who()).value();
    EXPECT_EQ(counts.ended_as(request_end::normal), 1U);
    EXPECT_EQ(counts.ended_as(request_end::drained), most);
    runtime::exit(acceptor, runtime::exit_reason::shutdown());
    runtime::unlink(lines.who());
    runtime::exit(lines.who(), runtime::exit_reason::kill());
  });
}

} // namespace
} // namespace perron::supervisors
