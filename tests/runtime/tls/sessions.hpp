// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/certificates.hpp"
#include "support/loopback.hpp"

#include <perron/runtime/tls/client_context.hpp>
#include <perron/runtime/tls/server_context.hpp>
#include <perron/runtime/tls/session.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <random>
#include <string>
#include <string_view>

namespace perron::testing {

using runtime::tls::client_context;
using runtime::tls::client_options;
using runtime::tls::server_context;
using runtime::tls::server_options;
using runtime::tls::session;

/// Two non-blocking ends of a stream, which is a Unix socket's or TCP.
class socket_pair {
public:
  enum class kind : std::uint8_t { unix, tcp };

  explicit socket_pair(kind which = kind::unix) {
    if (which == kind::tcp)
      connect_tcp();
    else
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_.data()), 0);
  }
  socket_pair(const socket_pair&) = delete;
  socket_pair& operator=(const socket_pair&) = delete;
  ~socket_pair() {
    close(0);
    close(1);
  }

  int operator[](std::size_t i) const noexcept { return ends_[i]; }
  void close(std::size_t i) noexcept {
    if (ends_[i] >= 0)
      ::close(std::exchange(ends_[i], -1));
  }

private:
  void connect_tcp() {
    const int listening = listen_on_loopback();
    ends_[1] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect_to(ends_[1], local_address(listening)), 0);
    ends_[0] = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    EXPECT_EQ(::fcntl(ends_[1], F_SETFL, O_NONBLOCK), 0);
    ::close(listening);
  }

  std::array<int, 2> ends_{-1, -1};
};

/// A server's and a client's session with each other.
struct session_pair {
  socket_pair sockets;
  std::unique_ptr<session> server;
  std::unique_ptr<session> client;
  session::step server_step = session::step::wants_read;
  session::step client_step = session::step::wants_read;

  session_pair(const server_context& s, const client_context& c, const std::string& name = "localhost",
               socket_pair::kind over = socket_pair::kind::unix)
      : sockets(over), server(session::accept(s, sockets[0]).value()),
        client(session::connect(c, sockets[1], name).value()) {}

  /// Lets both go on until neither can. True: both are done.
  bool handshake() {
    for (int i = 0; i < 20 && !(over(server_step) && over(client_step)); ++i) {
      if (!over(client_step))
        client_step = client->handshake();
      if (!over(server_step))
        server_step = server->handshake();
    }
    return server_step == session::step::done && client_step == session::step::done;
  }

  static bool over(session::step s) { return s == session::step::done || s == session::step::failed; }
};

/// The same each time.
inline std::string random_bytes(std::size_t size) {
  std::minstd_rand next(7);
  std::string out(size, '\0');
  std::ranges::generate(out, [&] { return static_cast<char>(next()); });
  return out;
}

inline std::int64_t send(session& by, std::string_view text) {
  const ::iovec part{const_cast<char*>(text.data()), text.size()};
  return by.send(&part, 1);
}

/// What can be received now.
inline std::string receive(session& by) {
  std::string out;
  std::array<char, 10'000> part;
  for (;;) {
    const std::int64_t n = by.receive(part);
    if (n <= 0)
      return out;
    out.append(part.data(), static_cast<std::size_t>(n));
  }
}

inline std::int64_t receive_nothing(session& by) {
  std::array<char, 16> part;
  return by.receive(part);
}

/// Sends all of `bytes` from one to the other and gives what arrived.
inline std::string pass(session& from, session& to, std::string_view bytes) {
  std::string out;
  for (int i = 0; !bytes.empty() && i < 100'000; ++i) {
    const std::int64_t n = send(from, bytes);
    if (n > 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (n != -EAGAIN)
      break;
    out += receive(to);
  }
  return out;
}

/// An authority, with a certificate for localhost, a server that shows it and a client that trusts it.
class tls_fixture : public ::testing::Test {
protected:
  tls_fixture() { server_options_.certificates = {files(paths_)}; }

  static runtime::tls::certificate_files files(const certificate_paths& p) {
    return {p.certificate, p.key, {}};
  }

  std::shared_ptr<server_context> server() { return server_context::make(server_options_).value(); }
  std::shared_ptr<client_context> client() {
    client_options_.ca_file = authority_.certificate();
    return client_context::make(client_options_).value();
  }
  /// A pair that has shaken hands.
  std::unique_ptr<session_pair> established(socket_pair::kind over = socket_pair::kind::unix) {
    auto out = std::make_unique<session_pair>(*server(), *client(), "localhost", over);
    EXPECT_TRUE(out->handshake()) << out->server->failure() << " | " << out->client->failure();
    return out;
  }

  test_authority authority_;
  certificate_paths paths_ = authority_.issue("server");
  server_options server_options_;
  client_options client_options_;
};

} // namespace perron::testing
