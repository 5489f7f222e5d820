// SPDX-License-Identifier: BSD-3-Clause

// The floor for an HTTP server on this kernel: wait, recv, find the end of the head, send a fixed response.
// It parses nothing, limits nothing, logs nothing and closes a connection that does not take its 13 bytes at
// once; a server that does its duty cannot be far below it.
//
//   epoll_bench --port N [--threads 2]

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::string_view end_of_head = "\r\n\r\n";

// What a head leaves at the end of a read may be the beginning of its terminator: at most three bytes.
struct tail {
  std::array<char, 3> bytes{};
  uint8_t size = 0;
};

class response {
public:
  std::string_view bytes() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != built_at_)
      build(now.tv_sec);
    return text_;
  }

private:
  void build(time_t now) {
    tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 32> date{};
    strftime(date.data(), date.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    text_ = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nDate: ";
    text_ += date.data();
    text_ += "\r\n\r\nHello, world!";
    built_at_ = now;
  }

  std::string text_;
  time_t built_at_ = 0;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

class worker {
public:
  explicit worker(uint16_t port) : listener_{open_listener(port)}, poller_{epoll_create1(EPOLL_CLOEXEC)} {
    if (poller_ < 0)
      fail("epoll_create1");
    watch(listener_);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    for (;;) {
      const int ready = epoll_wait(poller_, events.data(), static_cast<int>(events.size()), -1);
      const auto answer = response_.bytes();
      for (int i = 0; i < ready; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        if (fd == listener_)
          accept_waiting();
        else
          serve(fd, answer);
      }
    }
  }

private:
  static int open_listener(uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
      fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, 4096) != 0)
      fail("bind");
    return fd;
  }

  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(poller_, EPOLL_CTL_ADD, fd, &event) != 0)
      fail("epoll_ctl");
  }

  void accept_waiting() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0)
        return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (tails_.size() <= static_cast<size_t>(fd))
        tails_.resize(static_cast<size_t>(fd) + 1024);
      tails_[static_cast<size_t>(fd)] = tail{};
      watch(fd);
    }
  }

  void serve(int fd, std::string_view answer) {
    auto& kept = tails_[static_cast<size_t>(fd)];
    std::array<char, 4096> buffer;
    std::copy_n(kept.bytes.data(), kept.size, buffer.data());
    const auto received = recv(fd, buffer.data() + kept.size, buffer.size() - kept.size, 0);
    if (received < 0 && errno == EAGAIN)
      return;
    if (received <= 0) {
      close(fd);
      return;
    }
    std::string_view unread{buffer.data(), kept.size + static_cast<size_t>(received)};
    for (auto at = unread.find(end_of_head); at != unread.npos; at = unread.find(end_of_head)) {
      unread.remove_prefix(at + end_of_head.size());
      if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(answer.size())) {
        close(fd);
        return;
      }
    }
    kept.size = static_cast<uint8_t>(std::min<size_t>(unread.size(), kept.bytes.size()));
    std::copy_n(unread.end() - kept.size, kept.size, kept.bytes.data());
  }

  int listener_;
  int poller_;
  response response_;
  std::vector<tail> tails_;
};

int option(int argc, char** argv, const char* name, int otherwise) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::strcmp(argv[i], name) == 0)
      return std::atoi(argv[i + 1]);
  return otherwise;
}

} // namespace

int main(int argc, char** argv) {
  const int port = option(argc, argv, "--port", 0);
  const int threads = option(argc, argv, "--threads", 2);
  if (port <= 0 || port > 65535 || threads < 1) {
    std::fprintf(stderr, "usage: epoll_bench --port N [--threads 2]\n");
    return 2;
  }
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i)
    others.emplace_back([port] { worker{static_cast<uint16_t>(port)}.run(); });
  worker{static_cast<uint16_t>(port)}.run();
}
