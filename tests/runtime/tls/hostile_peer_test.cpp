// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/tls/openssl_peer.hpp"
#include "runtime/tls/sessions.hpp"

namespace perron::runtime::tls {
namespace {

using namespace perron::testing;

class TlsHostilePeer : public tls_fixture {
protected:
  /// What a server's session says after these bytes.
  std::string failure_after(std::string_view bytes) {
    const auto by = server();
    const socket_pair sockets;
    const auto one = session::accept(*by, sockets[0]).value();
    EXPECT_EQ(::write(sockets[1], bytes.data(), bytes.size()), static_cast<::ssize_t>(bytes.size()));
    EXPECT_EQ(one->handshake(), session::step::failed);
    return std::string(one->failure());
  }

  /// The first bytes that a client sends.
  std::string hello() {
    const auto c = client();
    const socket_pair sockets;
    const auto one = session::connect(*c, sockets[0], "localhost").value();
    EXPECT_EQ(one->handshake(), session::step::wants_read);
    std::string out(5000, '\0');
    const auto n = ::read(sockets[1], out.data(), out.size());
    EXPECT_GT(n, 0);
    out.resize(static_cast<std::size_t>(n));
    return out;
  }
};

TEST_F(TlsHostilePeer, AHelloThatAnnouncesTooMuchIsRefusedBeforeItIsStored) {
  EXPECT_EQ(failure_after(std::string("\x16\x03\x01\x40\x00\x01\x01\x00\x00", 9)),
            "the client's hello is too long");
}

TEST_F(TlsHostilePeer, rfc8446_5_1_EmptyHandshakeRecordsWithoutEndAreRefused) {
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += std::string("\x16\x03\x01\x00\x00", 5);
  EXPECT_NE(failure_after(many), "");
}

TEST_F(TlsHostilePeer, ARecordLongerThanAllowedIsRefused) {
  EXPECT_NE(failure_after(std::string("\x16\x03\x01\xff\xff", 5)), "");
}

TEST_F(TlsHostilePeer, AHelloInSingleBytesIsUnderstood) {
  const auto by = server();
  const socket_pair sockets;
  const auto one = session::accept(*by, sockets[0]).value();
  for (const char c : hello()) {
    EXPECT_EQ(one->handshake(), session::step::wants_read);
    ASSERT_EQ(::write(sockets[1], &c, 1), 1);
  }
  EXPECT_EQ(one->handshake(), session::step::wants_read);
  char answer = 0;
  EXPECT_EQ(::read(sockets[1], &answer, 1), 1);
  EXPECT_EQ(answer, 22); // a handshake record: the server's hello
}

TEST_F(TlsHostilePeer, AHelloWithAnyByteChangedIsAnsweredOrRefused) {
  const auto by = server();
  const std::string good = hello();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x55);
    const socket_pair sockets;
    const auto one = session::accept(*by, sockets[0]).value();
    ASSERT_EQ(::write(sockets[1], bad.data(), bad.size()), static_cast<::ssize_t>(bad.size()));
    const auto step = one->handshake();
    EXPECT_TRUE(step == session::step::failed || step == session::step::wants_read);
    EXPECT_EQ(step == session::step::failed, !one->failure().empty());
  }
}

TEST_F(TlsHostilePeer, AHelloCutAnywhereIsWaitedForAndItsEndIsAFailure) {
  const auto by = server();
  const std::string good = hello();
  for (std::size_t i = 1; i < good.size(); i += 7) {
    const socket_pair sockets;
    const auto one = session::accept(*by, sockets[0]).value();
    ASSERT_EQ(::write(sockets[1], good.data(), i), static_cast<::ssize_t>(i));
    ASSERT_EQ(one->handshake(), session::step::wants_read);
    ASSERT_EQ(::shutdown(sockets[1], SHUT_WR), 0);
    ASSERT_EQ(one->handshake(), session::step::failed);
    EXPECT_EQ(one->failure(), "the peer has left during the handshake");
  }
}

TEST_F(TlsHostilePeer, GarbageAfterTheHandshakeIsRefused) {
  const auto pair = established();
  ASSERT_EQ(::write(pair->sockets[1], std::string(100, 'g').data(), 100), 100);
  EXPECT_EQ(receive_nothing(*pair->server), -EPROTO);
  EXPECT_NE(pair->server->failure(), "");
  EXPECT_FALSE(pair->server->has_pending());
}

TEST_F(TlsHostilePeer, rfc8446_4_6_3_KeysMayBeChangedByTheOtherSide) {
  const auto by = server();
  openssl_peer peer(*by);
  ASSERT_TRUE(peer.handshake());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(peer.update_keys());
    ASSERT_TRUE(peer.write("text"));
    ASSERT_EQ(receive(peer.session()), "text");
    ASSERT_EQ(send(peer.session(), "back"), 4);
    ASSERT_EQ(peer.read(), "back");
  }
}

TEST_F(TlsHostilePeer, KeysThatAreChangedWithoutEndAreRefused) {
  const auto by = server();
  openssl_peer peer(*by);
  ASSERT_TRUE(peer.handshake());
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(peer.update_keys());
  EXPECT_EQ(receive_nothing(peer.session()), -EPROTO);
  EXPECT_EQ(peer.session().failure(), "records without data and without end");
}

TEST_F(TlsHostilePeer, ARequestToNegotiateAgainIsNotFollowed) {
  const auto by = server();
  openssl_peer peer(*by, "1.2");
  ASSERT_TRUE(peer.handshake());
  EXPECT_FALSE(peer.renegotiate([&] { EXPECT_EQ(receive_nothing(peer.session()), -EAGAIN); }));
  EXPECT_EQ(peer.error(), "no renegotiation");
}

} // namespace
} // namespace perron::runtime::tls
