// SPDX-License-Identifier: BSD-3-Clause
// Where this kernel has no TLS most of these are skipped; tests/kernel_tls/run.sh runs them on one that has.
#include <perron/runtime/tls/kernel_sealing.hpp>

#include "runtime/tls/openssl_peer.hpp"
#include "runtime/tls/sessions.hpp"

#include <netinet/tcp.h>
#include <poll.h>

#include <cstdlib>

namespace perron::runtime::tls {
namespace {

using namespace perron::testing;
using ::testing::Values;

constexpr int patience_ms = 60'000;

/// Where PERRON_TEST_KERNEL_TLS is set, a kernel that does not seal is a failure.
bool kernel_must_seal() { return std::getenv("PERRON_TEST_KERNEL_TLS") != nullptr; }

/// What comes of a stream in which nothing comes at the very moment it is sent: `size` bytes, or all until
/// the end.
std::string receive_all(session& by, int socket, std::size_t size = std::string::npos) {
  std::string out;
  std::array<char, 10'000> part;
  while (out.size() < size) {
    const std::int64_t n = by.receive(part);
    if (n > 0) {
      out.append(part.data(), static_cast<std::size_t>(n));
      continue;
    }
    ::pollfd readable{socket, POLLIN, 0};
    if (n != -EAGAIN || ::poll(&readable, 1, patience_ms) == 0)
      break;
  }
  return out;
}

/// Sends all of `bytes` while the other side reads it.
std::string carried(session_pair& pair, session& from, session& to, std::string_view bytes) {
  std::string out;
  const int socket = pair.sockets[&to == pair.client.get() ? 1 : 0];
  const std::size_t size = bytes.size();
  while (!bytes.empty()) {
    const std::int64_t n = send(from, bytes.substr(0, 100'000));
    if (n < 0 && n != -EAGAIN)
      break;
    bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
    out += receive(to);
  }
  return out += receive_all(to, socket, size - out.size());
}

#define SEAL_OR_SKIP(session)                                                                                \
  if (!(session).seal_in_kernel()) {                                                                         \
    if (!kernel_must_seal())                                                                                 \
      GTEST_SKIP() << "this kernel has no TLS; see tests/kernel_tls/run.sh";                                 \
    FAIL() << "the kernel does not seal";                                                                    \
  }                                                                                                          \
  ASSERT_TRUE((session).is_sealed_by_kernel())

using KernelSealing = tls_fixture;

TEST_F(KernelSealing, IsNotForUnixSocketsNorForOpenSslsOwnConnections) {
  const auto over_unix = established();
  EXPECT_FALSE(over_unix->server->seal_in_kernel());
  EXPECT_FALSE(over_unix->client->seal_in_kernel());
  EXPECT_EQ(pass(*over_unix->server, *over_unix->client, "as before"), "as before");
  server_options_.keeps_openssl = true;
  const auto kept = established(socket_pair::kind::tcp);
  EXPECT_FALSE(kept->server->seal_in_kernel());
  EXPECT_FALSE(kept->server->is_sealed_by_kernel());
  EXPECT_EQ(carried(*kept, *kept->server, *kept->client, "as before"), "as before");
}

TEST_F(KernelSealing, WhereItCannotAllGoesOnAsBefore) {
  const auto pair = established(socket_pair::kind::tcp);
  const bool sealed = pair->server->seal_in_kernel();
  EXPECT_EQ(pair->server->is_sealed_by_kernel(), sealed);
  EXPECT_EQ(pair->server->seal_in_kernel(), sealed);
  const std::string much = random_bytes(300'000);
  EXPECT_TRUE(carried(*pair, *pair->server, *pair->client, much) == much);
  EXPECT_TRUE(carried(*pair, *pair->client, *pair->server, much) == much);
}

TEST_F(KernelSealing, PiecesAndNothing) {
  const auto pair = established(socket_pair::kind::tcp);
  SEAL_OR_SKIP(*pair->server);
  std::string head = "head ";
  std::string large = random_bytes(40'000);
  const std::array<::iovec, 3> parts{
      {{head.data(), head.size()}, {nullptr, 0}, {large.data(), large.size()}}};
  EXPECT_EQ(pair->server->send(parts.data(), parts.size()), 40'005);
  EXPECT_EQ(pair->server->send(nullptr, 0), 0);
  EXPECT_EQ(send(*pair->server, ""), 0);
  EXPECT_TRUE(receive_all(*pair->client, pair->sockets[1], 40'005) == head + large);
}

TEST_F(KernelSealing, AFileGoesFromItsOffset) {
  const auto pair = established(socket_pair::kind::tcp);
  SEAL_OR_SKIP(*pair->server);
  const std::string content = random_bytes(100'000);
  const int file = ::open(authority_.write("file", content).c_str(), O_RDONLY | O_CLOEXEC);
  ::off_t offset = 10;
  const std::int64_t sent = pair->server->sendfile("a head", file, offset, 50'000);
  ASSERT_GT(sent, 6);
  EXPECT_EQ(offset, sent + 4);
  EXPECT_TRUE(receive_all(*pair->client, pair->sockets[1], static_cast<std::size_t>(sent)) ==
              "a head" + content.substr(10, static_cast<std::size_t>(sent) - 6));
  offset = 100'000;
  EXPECT_EQ(pair->server->sendfile({}, file, offset, 1), 0); // there is no more
  ::close(file);
}

TEST_F(KernelSealing, WhatPeersDoWrongIsAnsweredWithAnAlert) {
  const auto pair = established(socket_pair::kind::tcp);
  SEAL_OR_SKIP(*pair->server);
  const std::string forged = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  ASSERT_EQ(::send(pair->sockets[1], forged.data(), forged.size(), 0), 37);
  EXPECT_EQ(receive_all(*pair->server, pair->sockets[0]), "");
  EXPECT_EQ(pair->server->failure_code(), EPROTO);
  EXPECT_EQ(receive_all(*pair->client, pair->sockets[1]), "");
  EXPECT_EQ(pair->client->failure_code(), EPROTO);
  EXPECT_NE(pair->client->failure().find("bad record mac"), std::string::npos) << pair->client->failure();
}

/// RFC 8446 4.6.3: who is asked for it has to change its key, which kernels can since 6.14.
TEST_F(KernelSealing, AKeyUpdateIsMadeOrTheConnectionEnds) {
  openssl_peer peer(*server(), "1.3", socket_pair::kind::tcp);
  ASSERT_TRUE(peer.handshake());
  SEAL_OR_SKIP(peer.session());
  const auto hears = [&] {
    std::string out;
    ::pollfd readable{peer.socket(), POLLIN, 0};
    while (out.empty() && ::poll(&readable, 1, patience_ms) == 1) // tickets come first
      out = peer.read();
    return out;
  };
  EXPECT_EQ(send(peer.session(), "before"), 6);
  EXPECT_EQ(hears(), "before");
  ASSERT_TRUE(peer.update_keys());
  ASSERT_TRUE(peer.write("after"));
  EXPECT_EQ(receive_all(peer.session(), peer.server_socket(), 5), "after");
  const std::int64_t n = send(peer.session(), "after");
  if (n > 0) {
    EXPECT_EQ(n, 5);
    EXPECT_EQ(hears(), "after");
  } else {
    EXPECT_EQ(n, -EPROTO);
    EXPECT_EQ(peer.session().failure(), "keys cannot be changed by this kernel");
  }
}

struct suite {
  const char* version;
  const char* name;
};

class KernelSealingBySuite : public tls_fixture, public ::testing::WithParamInterface<suite> {
protected:
  void SetUp() override {
    if (std::string_view(GetParam().version) == "1.2") {
      client_options_.max_version = "1.2";
      server_options_.ciphers = GetParam().name;
    } else {
      server_options_.ciphersuites = GetParam().name;
    }
  }
};

TEST_P(KernelSealingBySuite, CarriesWhatIsSentAndTheEnd) {
  const auto pair = established(socket_pair::kind::tcp);
  SEAL_OR_SKIP(*pair->server);
  EXPECT_EQ(pair->server->info().cipher, GetParam().name);
  const std::string much = random_bytes(3'000'000);
  EXPECT_TRUE(carried(*pair, *pair->server, *pair->client, much) == much);
  EXPECT_TRUE(carried(*pair, *pair->client, *pair->server, much) == much);
  EXPECT_TRUE(pair->server->may_say_goodbye());
  pair->server->say_goodbye();
  EXPECT_EQ(send(*pair->server, "x"), -EPIPE);
  EXPECT_EQ(receive_all(*pair->client, pair->sockets[1]), "");
  EXPECT_EQ(pair->client->failure_code(), 0); // and not ECONNABORTED
}

/// What the kernel has taken stands in front of the socket's queue at times, where the end would cut it off.
TEST_P(KernelSealingBySuite, LosesNothingOfWhatASlowReaderHasYetToReadWhenItEnds) {
  const std::string much = random_bytes(4'000'000);
  const std::array<int, 4> bounds{0, 16 * 1024, 128 * 1024, -1}; // -1: the socket's whole queue is small
  for (std::size_t i = 0; i < 16; ++i) {
    const int bound = bounds[i % bounds.size()];
    const std::size_t at_once = 10'000 + 3'001 * i; // where a record is cut differs
    const auto pair = established(socket_pair::kind::tcp);
    SEAL_OR_SKIP(*pair->server);
    const int small_queue = 43'520;
    if (bound > 0) {
      ASSERT_EQ(::setsockopt(pair->sockets[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bound, sizeof bound), 0);
    } else if (bound < 0) {
      ASSERT_EQ(::setsockopt(pair->sockets[0], SOL_SOCKET, SO_SNDBUF, &small_queue, sizeof small_queue), 0);
    }
    std::string_view left = much;
    for (std::int64_t n = 0; n != -EAGAIN && !left.empty(); left.remove_prefix(n > 0 ? std::size_t(n) : 0)) {
      n = send(*pair->server, left.substr(0, at_once));
      ASSERT_TRUE(n > 0 || n == -EAGAIN) << n;
    }
    const std::size_t taken = much.size() - left.size();
    std::string came;
    while (!pair->server->may_say_goodbye()) {
      came += receive(*pair->client);
      ::pollfd writable{pair->sockets[0], POLLOUT, 0};
      ::poll(&writable, 1, 1);
    }
    pair->server->say_goodbye();
    pair->server.reset();
    ASSERT_EQ(::shutdown(pair->sockets[0], SHUT_WR), 0);
    pair->sockets.close(0);
    came += receive_all(*pair->client, pair->sockets[1]);
    EXPECT_EQ(pair->client->failure_code(), 0) << pair->client->failure();
    EXPECT_EQ(came.size(), taken) << bound << ' ' << at_once;
    EXPECT_TRUE(came == much.substr(0, taken));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Suites, KernelSealingBySuite,
    Values(suite{"1.3", "TLS_AES_128_GCM_SHA256"}, suite{"1.3", "TLS_AES_256_GCM_SHA384"},
           suite{"1.3", "TLS_CHACHA20_POLY1305_SHA256"}, suite{"1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"},
           suite{"1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"}, suite{"1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"}),
    [](const auto& of) { return "With" + std::to_string(of.index); });

} // namespace
} // namespace perron::runtime::tls
