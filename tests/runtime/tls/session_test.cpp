// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/session.hpp>

#include "runtime/tls/sessions.hpp"

#include <gmock/gmock.h>

namespace perron::runtime::tls {
namespace {

using namespace perron::testing;

using TlsSession = tls_fixture;

TEST_F(TlsSession, BytesGoBothWays) {
  const auto pair = established();
  EXPECT_EQ(send(*pair->client, "hello"), 5);
  EXPECT_EQ(receive(*pair->server), "hello");
  EXPECT_EQ(send(*pair->server, "and welcome"), 11);
  EXPECT_EQ(receive(*pair->client), "and welcome");
  EXPECT_EQ(receive_nothing(*pair->server), -EAGAIN);
  EXPECT_FALSE(pair->server->has_pending());
}

TEST_F(TlsSession, OpenSslKeepsItWhereThatIsWanted) {
  server_options_.keeps_openssl = true;
  const auto pair = established();
  const std::string much = random_bytes(300'000);
  EXPECT_TRUE(pass(*pair->server, *pair->client, much) == much);
  EXPECT_TRUE(pass(*pair->client, *pair->server, much) == much);
  EXPECT_EQ(pair->server->info().version, "TLSv1.3");
  EXPECT_EQ(pair->server->info().server_name, "localhost");
  pair->server->say_goodbye();
  EXPECT_EQ(receive_nothing(*pair->client), 0);
}

TEST_F(TlsSession, SaysWhatWasAgreedOn) {
  client_options_.alpn = {"h9", "http/1.1"};
  const auto pair = established();
  for (const session* one : {pair->server.get(), pair->client.get()}) {
    EXPECT_EQ(one->info().version, "TLSv1.3");
    EXPECT_EQ(one->info().alpn, "http/1.1");
    EXPECT_EQ(one->info().server_name, "localhost");
    EXPECT_FALSE(one->info().resumed);
  }
  EXPECT_EQ(pair->server->info().peer, nullptr);
  ASSERT_NE(pair->client->info().peer, nullptr);
  EXPECT_EQ(pair->client->info().peer->subject, "CN=localhost");
  EXPECT_TRUE(pair->client->info().peer->verified);
}

TEST_F(TlsSession, MoreThanTheSocketTakesComesThroughWholeAndInOrder) {
  const auto pair = established();
  const std::string much = random_bytes(3'000'000);
  EXPECT_TRUE(pass(*pair->server, *pair->client, much) == much);
  EXPECT_TRUE(pass(*pair->client, *pair->server, much) == much);
}

TEST_F(TlsSession, PiecesArriveJoined) {
  const auto pair = established();
  std::string large = random_bytes(40'000);
  std::string head = "head ";
  std::string empty;
  std::string tail = " tail";
  const std::array<::iovec, 5> parts{{{head.data(), head.size()},
                                      {empty.data(), 0},
                                      {large.data(), large.size()},
                                      {empty.data(), 0},
                                      {tail.data(), tail.size()}}};
  EXPECT_EQ(pair->server->send(parts.data(), parts.size()), 40'010);
  EXPECT_TRUE(receive(*pair->client) == head + large + tail);
}

TEST_F(TlsSession, NothingIsSentAsNothing) {
  const auto pair = established();
  EXPECT_EQ(pair->server->send(nullptr, 0), 0);
  EXPECT_EQ(send(*pair->server, ""), 0);
  EXPECT_EQ(receive_nothing(*pair->client), -EAGAIN);
}

TEST_F(TlsSession, AFileIsSentFromItsOffset) {
  const auto pair = established();
  const std::string content = random_bytes(100'000);
  const int file = ::open(authority_.write("file", content).c_str(), O_RDONLY | O_CLOEXEC);
  ::off_t offset = 10;
  EXPECT_EQ(pair->server->sendfile({}, file, offset, 50'000), 50'000);
  EXPECT_EQ(offset, 50'010);
  EXPECT_TRUE(receive(*pair->client) == content.substr(10, 50'000));
  EXPECT_EQ(pair->server->sendfile({}, file, offset, 1'000'000), 49'990); // the file is shorter
  EXPECT_EQ(pair->server->sendfile({}, file, offset, 1), 0);
  EXPECT_TRUE(receive(*pair->client) == content.substr(50'010));
  ::close(file);
  EXPECT_EQ(pair->server->sendfile({}, file, offset, 1), -EBADF);
}

TEST_F(TlsSession, WhatGoesBeforeAFileSharesItsFirstRecord) {
  const auto pair = established();
  const std::string content = random_bytes(100'000);
  const int file = ::open(authority_.write("file", content).c_str(), O_RDONLY | O_CLOEXEC);
  ::off_t offset = 10;
  EXPECT_EQ(pair->server->sendfile("a head", file, offset, 50'000), 50'006);
  EXPECT_EQ(offset, 50'010);
  std::string first(20'000, ' ');
  constexpr std::int64_t most_in_record = 16'384; // RFC 8446 5.1
  ASSERT_EQ(pair->client->receive(first), most_in_record);
  EXPECT_TRUE(first.starts_with("a head" + content.substr(10, 1'000)));
  EXPECT_TRUE(first.substr(0, most_in_record) + receive(*pair->client) ==
              "a head" + content.substr(10, 50'000));
  ::close(file);
  EXPECT_EQ(pair->server->sendfile("a head", file, offset, 1), 6); // and what is wrong is told by the next
  EXPECT_EQ(pair->server->sendfile({}, file, offset, 1), -EBADF);
  EXPECT_EQ(receive(*pair->client), "a head");
  EXPECT_EQ(offset, 50'010);
}

TEST_F(TlsSession, AHeadThatIsLargerThanARecordGoesBeforeAFile) {
  const auto pair = established();
  const std::string head = random_bytes(20'000);
  const int file = ::open(authority_.write("file", "of three words").c_str(), O_RDONLY | O_CLOEXEC);
  ::off_t offset = 3;
  EXPECT_EQ(pair->server->sendfile(head, file, offset, 100), 20'011); // the file is shorter
  EXPECT_EQ(offset, 14);
  EXPECT_TRUE(receive(*pair->client) == head + "three words");
  ::close(file);
}

TEST_F(TlsSession, rfc8446_6_1_AGoodbyeIsTheEndAndNothingIsSentAfterIt) {
  const auto pair = established();
  EXPECT_EQ(send(*pair->client, "last words"), 10);
  pair->client->say_goodbye();
  EXPECT_EQ(send(*pair->client, "x"), -EPIPE);
  EXPECT_EQ(receive(*pair->server), "last words");
  EXPECT_EQ(receive_nothing(*pair->server), 0);
  EXPECT_EQ(receive_nothing(*pair->server), 0);
  EXPECT_EQ(send(*pair->server, "answer"), 6); // the other direction goes on
  EXPECT_EQ(receive(*pair->client), "answer");
}

TEST_F(TlsSession, rfc8446_6_1_AnEndWithoutGoodbyeIsAnError) {
  const auto pair = established();
  EXPECT_EQ(send(*pair->client, "part"), 4);
  ASSERT_EQ(::shutdown(pair->sockets[1], SHUT_WR), 0);
  EXPECT_EQ(receive(*pair->server), "part");
  EXPECT_EQ(receive_nothing(*pair->server), -ECONNABORTED);
  EXPECT_EQ(pair->server->failure(), "the peer has ended the connection without close_notify");
  EXPECT_EQ(send(*pair->server, "x"), -ECONNABORTED);
}

TEST_F(TlsSession, SendingToWhoHasLeftIsAnErrorNotASignal) {
  const auto pair = established();
  pair->sockets.close(1);
  EXPECT_EQ(send(*pair->server, "x"), -EPIPE);
}

TEST_F(TlsSession, BeforeTheHandshakeNothingCanBeSaid) {
  session_pair pair(*server(), *client());
  EXPECT_FALSE(pair.server->is_established());
  EXPECT_EQ(receive_nothing(*pair.server), -ENOTCONN);
  EXPECT_EQ(send(*pair.server, "x"), -ENOTCONN);
  pair.server->say_goodbye();
  EXPECT_EQ(pair.server->handshake(), session::step::wants_read);
}

TEST_F(TlsSession, AContextMayGoBeforeItsSessions) {
  auto s = server();
  auto c = client();
  session_pair pair(*s, *c);
  s.reset();
  c.reset();
  EXPECT_TRUE(pair.handshake());
  EXPECT_EQ(pass(*pair.client, *pair.server, "text"), "text");
}

// -- refusals

TEST_F(TlsSession, AClientTrustsOnlyWhomItsAuthorityKnows) {
  const test_authority other("Another");
  client_options_.ca_file = other.certificate();
  session_pair pair(*server(), *client_context::make(client_options_).value());
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.client->failure(), "certificate verify failed: unable to get local issuer certificate");
  EXPECT_EQ(pair.server->failure(), "the peer refused: unknown CA");
  EXPECT_EQ(receive_nothing(*pair.server), -EPROTO);
}

TEST_F(TlsSession, AClientLooksAtTheName) {
  session_pair pair(*server(), *client(), "example.org");
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.client->failure(), "certificate verify failed: hostname mismatch");
}

TEST_F(TlsSession, AClientLooksAtTheAddress) {
  for (const std::string name : {"127.0.0.1", "::1"}) {
    session_pair pair(*server(), *client(), name);
    EXPECT_TRUE(pair.handshake()) << pair.client->failure();
    EXPECT_EQ(pair.server->info().server_name, ""); // RFC 6066 3: addresses are not sent
  }
  session_pair pair(*server(), *client(), "127.0.0.2");
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.client->failure(), "certificate verify failed: IP address mismatch");
}

TEST_F(TlsSession, AClientThatVerifiesNeedsAName) {
  const socket_pair sockets;
  const auto made = session::connect(*client(), sockets[0], "");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().text, "TLS session: no name to expect of the server");
}

TEST_F(TlsSession, AClientThatDoesNotVerifySaysSo) {
  client_options_.verify = false;
  const auto c = client_context::make(client_options_).value();
  session_pair pair(*server(), *c, "");
  EXPECT_TRUE(pair.handshake()) << pair.client->failure();
  ASSERT_NE(pair.client->info().peer, nullptr);
  EXPECT_FALSE(pair.client->info().peer->verified);
}

TEST_F(TlsSession, PlainHttpIsRecognised) {
  const auto s = server();
  const socket_pair sockets;
  const auto one = session::accept(*s, sockets[0]).value();
  ASSERT_EQ(::write(sockets[1], "GET / HTTP/1.1\r\n\r\n", 18), 18);
  EXPECT_EQ(one->handshake(), session::step::failed);
  EXPECT_TRUE(one->met_plain_http());
  EXPECT_EQ(one->failure(), "the client speaks plain HTTP");
  EXPECT_EQ(one->handshake(), session::step::failed);
}

TEST_F(TlsSession, GarbageFailsTheHandshake) {
  const auto s = server();
  for (unsigned seed = 0; seed < 50; ++seed) {
    const socket_pair sockets;
    const auto one = session::accept(*s, sockets[0]).value();
    std::string bytes = random_bytes(2000).substr(seed * 10, 500);
    if (seed % 2 == 0)
      bytes.replace(0, 5, std::string("\x16\x03\x01\x01\x00", 5)); // a record's head
    ASSERT_EQ(::write(sockets[1], bytes.data(), bytes.size()), 500);
    EXPECT_EQ(one->handshake(), session::step::failed);
    EXPECT_NE(one->failure(), "");
    EXPECT_FALSE(one->met_plain_http());
  }
}

TEST_F(TlsSession, APeerThatLeavesDuringTheHandshakeIsAFailure) {
  session_pair pair(*server(), *client());
  EXPECT_EQ(pair.client->handshake(), session::step::wants_read);
  EXPECT_EQ(pair.server->handshake(), session::step::wants_read);
  ASSERT_EQ(::shutdown(pair.sockets[1], SHUT_WR), 0);
  EXPECT_EQ(pair.server->handshake(), session::step::failed);
  EXPECT_EQ(pair.server->failure(), "the peer has left during the handshake");
}

} // namespace
} // namespace perron::runtime::tls
