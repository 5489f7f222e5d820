// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/events.hpp"
#include "support/loopback.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace perron::testing {

/// A response as it came over the wire.
struct answer {
  int status = 0;     ///< 0: none came, or not all of it
  std::string head{}; ///< from the status line to the empty line
  std::string body{};

  /// The first field of this name, spelled as the server spells it; empty if there is none.
  std::string field(std::string_view name) const {
    const std::string line = "\r\n" + std::string(name) + ": ";
    const std::size_t at = head.find(line);
    if (at == std::string::npos)
      return {};
    const std::size_t begin = at + line.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  bool has(std::string_view name) const {
    return head.find("\r\n" + std::string(name) + ":") != std::string::npos;
  }
};

inline void PrintTo(const answer& a, std::ostream* out) {
  *out << (a.status == 0 ? "no answer" : a.head + a.body);
}

/// A TCP client that sends bytes as they are told and says what comes back. Blocks its thread, so: for
/// ordinary threads. No wait of it is longer than `patience`.
class raw_client {
public:
  /// What its bytes go through instead of the bare socket: TLS (support/tls_wire.hpp). Both as the system
  /// calls.
  class wire {
  public:
    virtual ~wire() = default;
    virtual ssize_t send(const char* bytes, std::size_t size) = 0;
    virtual ssize_t receive(char* into, std::size_t size) = 0;
    virtual void say_goodbye() = 0;
    virtual bool has_pending() const = 0;
  };

  /// Not connected yet. A small `receive_buffer` makes a reader whom the sender soon has to wait for.
  explicit raw_client(int receive_buffer = 0, int family = AF_INET)
      : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    EXPECT_GE(fd_, 0) << std::strerror(errno);
    const timeval limit{patience.count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (receive_buffer != 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  static raw_client to(std::uint16_t port) {
    raw_client c;
    EXPECT_TRUE(c.connect(port)) << std::strerror(errno);
    return c;
  }
  /// To a Unix socket.
  static raw_client to(const std::filesystem::path& path) {
    raw_client c(0, AF_UNIX);
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    path.native().copy(where.sun_path, sizeof where.sun_path - 1);
    EXPECT_EQ(::connect(c.fd_, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0)
        << std::strerror(errno);
    return c;
  }
  ~raw_client() { close(); }
  raw_client(raw_client&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), came_(std::move(other.came_)), wire_(std::move(other.wire_)) {}
  raw_client& operator=(raw_client&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(came_, other.came_);
    std::swap(wire_, other.wire_);
    return *this;
  }

  bool connect(std::uint16_t port) {
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connect_to(fd_, loopback(port)) == 0;
  }

  /// False: the server does not take them any more.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = wire_ != nullptr ? wire_->send(bytes.data(), bytes.size())
                                         : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  /// The next response, 1xx ones included; `of_head`: that to a HEAD request, which has no body.
  answer read(bool of_head = false) {
    answer a;
    std::size_t end = 0;
    while ((end = came_.find("\r\n\r\n")) == std::string::npos)
      if (!receive_some())
        return {};
    a.head = came_.substr(0, end + 4);
    if (a.head.compare(0, 9, "HTTP/1.1 ") != 0 || a.head.size() < 13)
      return {};
    a.status = std::atoi(a.head.c_str() + 9);
    const bool bare = of_head || a.status < 200 || a.status == 204 || a.status == 304;
    const std::size_t length = bare ? 0 : std::strtoull(a.field("Content-Length").c_str(), nullptr, 10);
    while (came_.size() < end + 4 + length)
      if (!receive_some())
        return {};
    a.body = came_.substr(end + 4, length);
    came_.erase(0, end + 4 + length);
    return a;
  }

  answer ask(std::string_view request, bool of_head = false) {
    return send(request) ? read(of_head) : answer{};
  }
  answer get(std::string_view target, std::string_view fields = {}) {
    return ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(fields) + "\r\n");
  }
  answer post(std::string_view target, std::string_view body) {
    return ask("POST " + std::string(target) + " HTTP/1.1\r\nHost: test\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }

  /// Whatever comes up to and with `end`.
  std::string read_until(std::string_view end) {
    std::size_t at = 0;
    while ((at = came_.find(end)) == std::string::npos)
      if (!receive_some())
        return std::exchange(came_, {});
    std::string all = came_.substr(0, at + end.size());
    came_.erase(0, all.size());
    return all;
  }
  /// Whatever comes until the server closes.
  std::string read_to_end() {
    while (receive_some()) {
    }
    return std::exchange(came_, {});
  }
  /// Whether the server has closed, and nothing came before that. Waits for it, and then closes as well.
  bool at_end() {
    const bool is_end = came_.empty() && !receive_some() && end_ == how_it_ended::closed;
    close();
    return is_end;
  }
  /// Whether reading ends in a reset. Waits for it.
  bool at_reset() {
    while (receive_some()) {
    }
    return end_ == how_it_ended::reset;
  }

  /// Whether bytes, an end or an error are there to be read. Does not wait.
  bool has_news() const {
    pollfd ready{fd_, POLLIN, 0};
    return !came_.empty() || (wire_ != nullptr && wire_->has_pending()) || ::poll(&ready, 1, 0) != 0;
  }

  /// Segments with bytes in them that have come (tcpi_data_segs_in, which the C library's tcp_info ends
  /// before).
  std::uint32_t segments_received() const {
    std::array<std::uint32_t, 39> info{};
    socklen_t size = sizeof info;
    EXPECT_EQ(::getsockopt(fd_, IPPROTO_TCP, TCP_INFO, info.data(), &size), 0);
    EXPECT_EQ(size, sizeof info);
    return info[38];
  }

  /// Says that nothing more will come, and can still read.
  void shut_writing() const {
    if (wire_ != nullptr)
      wire_->say_goodbye();
    ::shutdown(fd_, SHUT_WR);
  }
  void close() {
    if (fd_ >= 0 && wire_ != nullptr)
      wire_->say_goodbye();
    close_at_once();
  }
  /// Without a goodbye, where there is one to be said.
  void close_at_once() {
    wire_.reset();
    if (fd_ >= 0)
      ::close(std::exchange(fd_, -1));
  }
  /// Closes by a reset (SO_LINGER 0), as a peer that crashed would.
  void reset() {
    const ::linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close_at_once();
  }

  int descriptor() const { return fd_; }
  /// Null: nothing.
  void speak_through(std::unique_ptr<wire> by) { wire_ = std::move(by); }
  std::string local() const { return "127.0.0.1:" + std::to_string(port_of(fd_)); }

private:
  enum class how_it_ended { not_yet, closed, reset };

  bool receive_some() {
    std::array<char, 16 * 1024> part;
    ssize_t n;
    do
      n = wire_ != nullptr ? wire_->receive(part.data(), part.size())
                           : ::recv(fd_, part.data(), part.size(), 0);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
      came_.append(part.data(), static_cast<std::size_t>(n));
      return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      ADD_FAILURE() << "nothing comes from the server, and it does not close";
    else
      end_ = n == 0 ? how_it_ended::closed : how_it_ended::reset;
    return false;
  }

  int fd_;
  std::string came_;
  std::unique_ptr<wire> wire_;
  how_it_ended end_ = how_it_ended::not_yet;
};

/// Allows this program as many descriptors as the system lets it have; gives their number.
inline std::size_t use_all_descriptors() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_cur;
}

} // namespace perron::testing
