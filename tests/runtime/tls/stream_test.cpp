// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/stream.hpp>

#include "runtime/net/connections.hpp"
#include "runtime/tls/sessions.hpp"

#include <perron/runtime/message.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>

namespace perron::runtime::tls {
namespace {

using namespace std::chrono_literals;
using namespace perron::testing;
using core::wait_kind;
using ::testing::HasSubstr;

class TlsStream : public net_fixture {
protected:
  TlsStream() : net_fixture(roomy()) {
    const auto paths = authority_.issue("server");
    server_options_.certificates = {{paths.certificate, paths.key, {}}};
    client_options_.ca_file = authority_.certificate();
    server_ = server_context::make(server_options_).value();
    client_ = client_context::make(client_options_).value();
  }

  static node_options roomy() {
    auto options = test_options();
    options.stack_bytes = std::max<std::size_t>(options.stack_bytes, 256 * 1024);
    return options;
  }

  /// Runs `by_server` and `by_client` at the two ends of a connection.
  template <class Server, class Client>
  void between(Server by_server, Client by_client) {
    run([&] {
      auto [here, there] = tcp_pair();
      const auto peer = spawn_monitor([this, by_server, s = std::move(there)]() mutable {
        auto accepted = accept(std::move(s), *server_);
        ASSERT_TRUE(accepted) << accepted.error().text;
        by_server(*accepted);
      });
      auto connected = connect(std::move(here), *client_, "localhost");
      ASSERT_TRUE(connected) << connected.error().text;
      by_client(*connected);
      connected->close();
      EXPECT_EQ(reason_of(peer.ref), exit_reason::normal());
    });
  }

  static std::string read_all(stream& from) {
    std::string out;
    std::array<char, 5000> part;
    for (;;) {
      const auto n = from.read(part);
      EXPECT_TRUE(n) << n.error().text;
      if (!n || *n == 0)
        return out;
      out.append(part.data(), *n);
    }
  }

  test_authority authority_;
  server_options server_options_;
  client_options client_options_;
  std::shared_ptr<server_context> server_;
  std::shared_ptr<client_context> client_;
};

TEST_F(TlsStream, BytesComeBackFromAnEcho) {
  between(
      [](stream& s) {
        std::array<char, 100> part;
        for (;;) {
          const auto n = s.read(part).value();
          if (n == 0)
            return;
          s.write({part.data(), n}).value();
        }
      },
      [](stream& s) {
        for (const std::string text : {"hello", "and", "again"}) {
          s.write(text).value();
          std::string back(text.size(), '\0');
          EXPECT_EQ(s.read_exactly(std::span(back)).value(), text.size());
          EXPECT_EQ(back, text);
        }
        EXPECT_EQ(s.info().version, "TLSv1.3");
      });
}

TEST_F(TlsStream, MuchGoesBothWays) {
  const std::string much = some_bytes(3'000'000);
  between(
      [&](stream& s) {
        s.write(much).value();
        s.shutdown(net::half::write).value();
        EXPECT_TRUE(read_all(s) == much);
      },
      [&](stream& s) {
        EXPECT_TRUE(read_all(s) == much);
        const std::array<std::string_view, 3> parts{std::string_view(much).substr(0, 10), "",
                                                    std::string_view(much).substr(10)};
        s.writev(parts).value();
        s.shutdown(net::half::write).value();
      });
}

TEST_F(TlsStream, AFileIsSent) {
  const std::string content = some_bytes(1'000'000);
  const std::string path = authority_.write("file", content);
  between(
      [&](stream& s) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        EXPECT_EQ(s.sendfile(file, 100, 5'000'000).value(), 999'900U);
        ::close(file);
        s.close();
        EXPECT_FALSE(s.is_open());
        EXPECT_EQ(code_of(s.write("x")), EBADF);
      },
      [&](stream& s) { EXPECT_TRUE(read_all(s) == content.substr(100)); });
}

TEST_F(TlsStream, AReadHasItsTimeAndTheStreamIsStillGood) {
  between([](stream& s) { EXPECT_EQ(read_all(s), "late"); },
          [](stream& s) {
            std::array<char, 8> part;
            EXPECT_EQ(s.read(part, 0ns).error(), (error{"read: no time left", ETIMEDOUT}));
            EXPECT_EQ(s.read(part, 20ms).error(), (error{"read: no time left", ETIMEDOUT}));
            s.write("late").value();
          });
}

TEST_F(TlsStream, AWriteToWhoDoesNotReadHasItsTime) {
  run([&] {
    auto [here, there] = tcp_pair();
    const auto peer = spawn_monitor([this, s = std::move(there)]() mutable {
      auto accepted = accept(std::move(s), *server_).value();
      receive([](int) {});
    });
    auto connected = connect(std::move(here), *client_, "localhost").value();
    const std::string much(more_than_fits, 'x');
    EXPECT_EQ(code_of(connected.write(much, 20ms)), ETIMEDOUT);
    EXPECT_TRUE(runtime::send(peer.who, 1));
    EXPECT_EQ(reason_of(peer.ref), exit_reason::normal());
  });
}

TEST_F(TlsStream, AnEndWithoutGoodbyeIsTold) {
  between([](stream&) {}, // its destructor closes
          [](stream& s) {
            std::array<char, 8> part;
            const auto n = s.read(part);
            ASSERT_FALSE(n);
            EXPECT_EQ(n.error(),
                      (error{"read: the peer has ended the connection without close_notify", ECONNABORTED}));
          });
}

TEST_F(TlsStream, AHandshakeWithWhoIsNotTrustedSaysWhy) {
  run([&] {
    auto door = net::listener::open(net::address::loopback(0)).value();
    const auto where = door.local();
    const auto peer = spawn_monitor([this, door = std::move(door)]() mutable {
      const auto s = accept(door.accept().value(), *server_);
      ASSERT_FALSE(s);
      EXPECT_EQ(s.error(), (error{"TLS handshake: the peer refused: unknown CA", EPROTO}));
    });
    const auto strangers = client_context::make().value();
    const auto s = connect(where, *strangers, "localhost", 10s);
    ASSERT_FALSE(s);
    EXPECT_EQ(
        s.error(),
        (error{"TLS handshake: certificate verify failed: unable to get local issuer certificate", EPROTO}));
    EXPECT_EQ(reason_of(peer.ref), exit_reason::normal());
  });
}

TEST_F(TlsStream, AHandshakeThatNobodyAnswersHasItsTime) {
  run([&] {
    auto [here, there] = tcp_pair();
    EXPECT_EQ(code_of(connect(std::move(here), *client_, "localhost", 20ms)), ETIMEDOUT);
    EXPECT_EQ(code_of(accept(std::move(there), *server_, 20ms)), ECONNABORTED); // the other one has left
  });
}

TEST_F(TlsStream, AnExitSignalEndsAWait) {
  run([&] {
    auto [here, there] = tcp_pair();
    const auto waits = spawn_monitor([this, s = std::move(there)]() mutable {
      static_cast<void>(accept(std::move(s), *server_));
      ADD_FAILURE() << "it went on";
    });
    await_waiting(waits.who, wait_kind::readable);
    exit(waits.who, exit_reason::kill());
    EXPECT_EQ(reason_of(waits.ref), exit_reason::killed());
  });
}

} // namespace
} // namespace perron::runtime::tls
