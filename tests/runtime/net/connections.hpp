// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/node_fixture.hpp"

#include <perron/runtime/net/listener.hpp>
#include <perron/runtime/net/stream.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace perron::testing {

/// A node, and connections on it. Sockets that a test leaves open fail it.
class net_fixture : public node_fixture {
protected:
  using node_fixture::node_fixture;
};

/// Two ends of one connection, both for the calling process.
struct connection {
  runtime::net::stream here;
  runtime::net::stream there;
};

inline connection unix_pair() {
  std::array<int, 2> ends{-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {runtime::net::stream::adopt(ends[0]).value(), runtime::net::stream::adopt(ends[1]).value()};
}

inline connection tcp_pair() {
  auto door = runtime::net::listener::open(runtime::net::address::loopback(0)).value();
  auto here = runtime::net::connect(door.local()).value();
  auto there = door.accept().value();
  return {std::move(here), std::move(there)};
}

/// The errno of an operation that must have failed.
template <class Result>
int code_of(const Result& r) {
  if (!r)
    return r.error().code;
  ADD_FAILURE() << "no error";
  return 0;
}

/// Exactly `size` bytes, or what came before the end.
inline std::string read_string(runtime::net::stream& from, std::size_t size) {
  std::string out(size, '\0');
  const auto n = from.read_exactly(std::span(out));
  EXPECT_TRUE(n) << n.error().text;
  out.resize(n ? *n : 0);
  return out;
}

/// All that comes before the end.
inline std::string read_to_the_end(runtime::net::stream& from) {
  std::string out;
  std::array<char, 4096> part;
  for (;;) {
    const auto n = from.read(part);
    EXPECT_TRUE(n) << n.error().text;
    if (!n || *n == 0)
      return out;
    out.append(part.data(), *n);
  }
}

/// Sends everything back until the end comes.
inline void echo(runtime::net::stream& peer) {
  std::array<char, 4096> part;
  for (;;) {
    const auto n = peer.read(part);
    if (!n || *n == 0 || !peer.write({part.data(), *n}))
      return;
  }
}

/// Gives way until `who` waits for a socket like that.
inline void await_waiting(runtime::pid who, runtime::core::wait_kind what) {
  yield_until([&] { return who.slot()->waits_for.load() == what; });
}

/// Makes the next close of it a reset.
inline void close_by_reset(runtime::net::stream& s) {
  const ::linger now{1, 0};
  ASSERT_EQ(::setsockopt(s.descriptor(), SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
  s.close();
}

/// More bytes than the buffers of a connection take, on systems that let them grow far.
inline constexpr std::size_t more_than_fits = 24'000'000;

/// Bytes that do not repeat soon.
inline std::string some_bytes(std::size_t size) {
  std::string out(size, '\0');
  unsigned state = 1;
  for (char& c : out) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24U);
  }
  return out;
}

} // namespace perron::testing
