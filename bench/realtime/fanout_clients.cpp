// SPDX-License-Identifier: BSD-3-Clause
#include "fanout_clients.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace perron::bench {

namespace {

// Connections that are opened at a time: well below what any server's backlog holds.
constexpr std::size_t opening_at_once = 64;
// One source address has some 28,000 ports towards one server; those of a last run may still be in TIME_WAIT.
constexpr std::size_t connections_per_source = 5000;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The head of a text frame as a client sends it. The mask is zero: it is there, and it costs the server the
/// same.
std::string frame_head(std::size_t size) {
  std::string frame("\x81");
  if (size < 126) {
    frame += static_cast<char>(0x80 | size);
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(size >> 8);
    frame += static_cast<char>(size & 0xff);
  }
  frame.append(4, '\0');
  return frame;
}

std::string text_frame(unsigned number, std::size_t size) {
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "%08u", number);
  std::string frame = frame_head(size);
  frame += digits.data();
  frame.append(size - std::strlen(digits.data()), 'x');
  return frame;
}

} // namespace

fanout_clients::fanout_clients(const fanout_options& options)
    : options_(options), poller_(epoll_create1(EPOLL_CLOEXEC)), links_(options.connections),
      got_(options.window + 1) {}

fanout_clients::~fanout_clients() {
  for (const link& l : links_)
    if (l.fd >= 0)
      ::close(l.fd);
  ::close(poller_);
}

bool fanout_clients::open() {
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (!connect(i)) {
      std::fprintf(stderr, "connection %zu: %s\n", i, std::strerror(errno));
      return false;
    }
    while (i + 1 - opened_ >= opening_at_once || (i + 1 == links_.size() && opened_ < links_.size()))
      if (!wait_some())
        return false;
  }
  for (std::size_t i = readers(); i < links_.size(); ++i)
    ::epoll_ctl(poller_, EPOLL_CTL_DEL, links_[i].fd, nullptr);
  return true;
}

bool fanout_clients::connect(std::size_t index) {
  link& l = links_[index];
  l.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (l.fd < 0)
    return false;
  const int on = 1;
  ::setsockopt(l.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (index >= readers()) {
    const int small = 4096; // fills soon, so that the server notices
    ::setsockopt(l.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  }
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr =
      htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(index / connections_per_source));
  ::setsockopt(l.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  ::bind(l.fd, reinterpret_cast<const sockaddr*>(&source), sizeof source);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(options_.port);
  ::inet_pton(AF_INET, options_.host.c_str(), &server.sin_addr);
  if (::connect(l.fd, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0)
    return false;
  std::string client;
  if (!options_.topic.empty()) {
    client = std::to_string(index);
    client = "?client=" + std::string(20 - client.size(), '0') + client;
  }
  const std::string ask = "GET " + options_.path + client + " HTTP/1.1\r\nHost: " + options_.host +
                          "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  if (::send(l.fd, ask.data(), ask.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(ask.size()))
    return false;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &l;
  return ::epoll_ctl(poller_, EPOLL_CTL_ADD, l.fd, &event) == 0;
}

bool fanout_clients::deliver(unsigned count, std::vector<std::int64_t>& last_ns) {
  const unsigned until = spoken_ + count;
  while (complete_ < until) {
    const unsigned before = complete_;
    const std::int64_t begin = now_ns();
    while (spoken_ < until && spoken_ - complete_ < options_.window)
      speak();
    while (complete_ == before)
      if (!wait_some())
        return false;
    if (options_.window == 1)
      last_ns.push_back(now_ns() - begin);
  }
  return true;
}

void fanout_clients::speak() {
  const std::string frame = text_frame(spoken_, options_.bytes);
  if (::send(links_[0].fd, frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size()))
    failure_ = "the speaker's connection is gone";
  ++spoken_;
}

bool fanout_clients::wait_some() {
  std::array<epoll_event, 512> events;
  const int ready = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(options_.patience * 1000));
  if (ready == 0)
    failure_ = "nothing came any more";
  for (int i = 0; i < ready && failure_.empty(); ++i)
    if (!on_readable(*static_cast<link*>(events[static_cast<std::size_t>(i)].data.ptr)))
      break;
  if (failure_.empty())
    return true;
  std::fprintf(stderr, "%s: %zu open, %u sent, %u with everybody\n", failure_.c_str(), opened_, spoken_,
               complete_);
  return false;
}

bool fanout_clients::on_readable(link& l) {
  static std::array<char, 64 * 1024> buffer;
  const auto received = ::recv(l.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (received < 0 && (errno == EAGAIN || errno == EINTR))
    return true;
  if (received <= 0) {
    failure_ = "connection " + std::to_string(&l - links_.data()) + " was closed";
    return false;
  }
  return on_bytes(l, {buffer.data(), static_cast<std::size_t>(received)});
}

bool fanout_clients::on_bytes(link& l, std::string_view fresh) {
  if (!l.bytes.empty())
    l.bytes += fresh;
  std::string_view input = l.bytes.empty() ? fresh : std::string_view(l.bytes);
  if (!l.is_open)
    input.remove_prefix(on_handshake(l, input));
  while (l.is_open && failure_.empty() && input.size() >= 2) {
    const auto at = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(input[i]));
    };
    std::size_t head = 2;
    std::size_t size = at(1);
    if (size == 126) {
      head = 4;
      if (input.size() < head)
        break;
      size = at(2) << 8 | at(3);
    }
    if (input.size() < head + size)
      break;
    if (at(0) == 0x81 && !on_message(l, input.substr(head, size)))
      break;
    if ((at(0) & 0x0f) == 0x09)
      answer_ping(l, input.substr(head, size));
    if ((at(0) & 0x0f) == 0x08)
      failure_ = "a socket was closed by the server";
    input.remove_prefix(head + size);
  }
  l.bytes = std::string(input);
  return failure_.empty();
}

/// A server that hears nothing for long takes its peer for gone.
void fanout_clients::answer_ping(const link& l, std::string_view payload) {
  std::string frame = frame_head(payload.size());
  frame[0] = '\x8a';
  frame += payload;
  static_cast<void>(::send(l.fd, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

std::size_t fanout_clients::on_handshake(link& l, std::string_view input) {
  const std::size_t end = input.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return 0;
  if (!input.starts_with("HTTP/1.1 101")) {
    failure_ = "no WebSocket: " + std::string(input.substr(0, input.find('\r')));
    return 0;
  }
  l.is_open = true;
  if (options_.topic.empty()) {
    ++opened_;
    return end + 4;
  }
  const std::string subscribe = R"({"type":"subscribe","topic":")" + options_.topic + "\"}";
  const std::string frame = frame_head(subscribe.size()) + subscribe;
  if (::send(l.fd, frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size()))
    failure_ = "a subscriber's connection is gone";
  return end + 4;
}

/// A subscriber is open when it has heard so.
bool fanout_clients::on_channel_message(link& l, std::string_view payload) {
  if (payload.find(R"("type":"refused")") != std::string_view::npos)
    failure_ = "refused: " + std::string(payload);
  if (!l.is_subscribed && payload.find(R"("type":"subscribed")") != std::string_view::npos) {
    l.is_subscribed = true;
    ++opened_;
  }
  return failure_.empty();
}

bool fanout_clients::on_message(link& l, std::string_view payload) {
  if (!options_.topic.empty())
    return on_channel_message(l, payload);
  unsigned number = 0;
  for (const char c : payload.substr(0, 8))
    number = number * 10 + static_cast<unsigned>(c - '0');
  if (number != l.next || payload.size() != options_.bytes) {
    failure_ = "connection " + std::to_string(&l - links_.data()) + " got message " + std::to_string(number) +
               ", not " + std::to_string(l.next);
    return false;
  }
  ++l.next;
  std::size_t& got = got_[number % got_.size()];
  if (++got == readers()) {
    got = 0;
    ++complete_;
  }
  return true;
}

} // namespace perron::bench
