// SPDX-License-Identifier: BSD-3-Clause
/// Opens connections, asks each once, and closes it; each thread with an epoll instance. What it costs the
/// server is measured by who runs it (run.py).

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "churn/churn_options.hpp"
#include "churn/cpu_time.hpp"
#include "http/histogram.hpp"
#include "http/response_reader.hpp"
#include "measured.hpp"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

namespace perron::bench {
namespace {

enum class failure { connect, reset, closed, answer, late, count };
constexpr std::array failure_names = {"connect", "reset", "closed", "answer", "late"};

struct churn_figures {
  std::uint64_t closed = 0; ///< while measuring, as the next two
  double per_second = 0;
  latency_histogram latencies;
  std::array<std::uint64_t, static_cast<std::size_t>(failure::count)> failures{}; ///< in the whole run
  std::uint64_t cpu_ns = 0;                                                       ///< of the servers

  void add(const churn_figures& other) {
    closed += other.closed;
    per_second += other.per_second;
    latencies.merge(other.latencies);
    for (std::size_t i = 0; i < failures.size(); ++i)
      failures[i] += other.failures[i];
    cpu_ns += other.cpu_ns;
  }

  void print() const {
    result_line("closed", static_cast<double>(closed), "connections");
    result_line("per_second", per_second, "1/s");
    result_line("cpu_us",
                static_cast<double>(cpu_ns) / 1000 / static_cast<double>(std::max<std::uint64_t>(closed, 1)),
                "us");
    result_line("p50_us", latencies.quantile_us(0.5), "us");
    result_line("p99_us", latencies.quantile_us(0.99), "us");
    result_line("max_us", latencies.max_us(), "us");
    for (std::size_t i = 0; i < failures.size(); ++i)
      result_line(std::string("errors.") + failure_names[i], static_cast<double>(failures[i]), "connections");
  }
};

/// One thread's share. `all_closed` is what all threads have closed so far.
class churn {
public:
  churn(const churn_options& options, std::atomic<std::uint64_t>& all_closed)
      : all_closed_(all_closed), options_(options), request_(request_of(options)),
        poller_(::epoll_create1(EPOLL_CLOEXEC)), links_(static_cast<std::size_t>(options.in_flight)) {}
  ~churn() { ::close(poller_); }
  churn(const churn&) = delete;
  churn& operator=(const churn&) = delete;

  void run() {
    began_ns_ = now_ns();
    progress_ns_ = began_ns_;
    for (link& l : links_)
      waiting_.push_back(&l);
    if (options_.connections != 0)
      measure();
    while (!is_over()) {
      open_due();
      take_events();
      look_at_clock();
    }
  }

  const churn_figures& figures() const { return figures_; }

private:
  struct link {
    int fd = -1;
    bool asked = false;
    bool answered = false;
    std::int64_t began_ns = 0;
    response_reader reader;
  };

  static std::string request_of(const churn_options& o) {
    std::string all = "GET " + std::string(o.path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    return all + (o.by == closing::server ? "Connection: close\r\n\r\n" : "\r\n");
  }

  // -- time

  void measure() {
    measuring_ns_ = now_ns();
    figures_.cpu_ns = ran_ns(options_.servers);
    figures_.closed = 0;
    figures_.latencies = {};
  }

  /// Connections that are under way at the end are left to the kernel, but for a run of a given number.
  bool is_over() {
    const std::int64_t now = now_ns();
    const bool counted = options_.connections != 0;
    if (counted ? done_ < options_.connections
                : measuring_ns_ == 0 || now - measuring_ns_ < std::int64_t(options_.seconds * 1e9))
      return false;
    figures_.per_second =
        static_cast<double>(figures_.closed) * 1e9 / static_cast<double>(now - measuring_ns_);
    figures_.cpu_ns = ran_ns(options_.servers) - figures_.cpu_ns;
    return true;
  }

  void look_at_clock() {
    const std::int64_t now = now_ns();
    if (measuring_ns_ == 0 && now - began_ns_ >= std::int64_t(options_.warm_up * 1e9))
      measure();
    if (now - progress_ns_ < 500'000'000)
      return;
    progress_ns_ = now;
    if (options_.first_address == 0) // one thread tells of all
      std::printf("progress %llu\n", static_cast<unsigned long long>(all_closed_.load()));
    for (link& l : links_)
      if (l.fd >= 0 && now - l.began_ns > patience_ns)
        fail(l, failure::late);
  }

  // -- connections

  void open_due() {
    // no more in a row than there are, as one may fail at once
    for (std::size_t most = links_.size(); most != 0 && !waiting_.empty(); --most) {
      if (options_.connections != 0 && opened_ == options_.connections)
        return;
      if (options_.rate > 0 &&
          static_cast<double>(opened_) * 1e9 > options_.rate * static_cast<double>(now_ns() - began_ns_))
        return;
      link& l = *waiting_.back();
      waiting_.pop_back();
      open(l);
    }
  }

  void open(link& l) {
    ++opened_;
    l.began_ns = now_ns();
    l.asked = l.answered = false;
    l.reader.reset();
    l.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    // the kernel chooses the port when it knows the peer, so that each address has all ports to that peer
    const int on = 1;
    ::setsockopt(l.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256 + static_cast<std::uint32_t>(options_.first_address) +
                               static_cast<std::uint32_t>(opened_ % std::uint64_t(options_.addresses)));
    if (l.fd < 0 || ::bind(l.fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
      fail(l, failure::connect);
      return;
    }
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(options_.port);
    if (::connect(l.fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 && errno != EINPROGRESS) {
      fail(l, failure::connect);
      return;
    }
    // over loopback it is through when connect returns, as a rule
    if (!ask(l))
      return;
    epoll_event ev{};
    ev.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (l.asked ? 0U : std::uint32_t(EPOLLOUT));
    ev.data.ptr = &l;
    ::epoll_ctl(poller_, EPOLL_CTL_ADD, l.fd, &ev);
  }

  /// False: it has failed. Not yet asked after this: the connection is not through.
  bool ask(link& l) {
    if (::send(l.fd, request_.data(), request_.size(), MSG_NOSIGNAL) ==
        static_cast<::ssize_t>(request_.size())) {
      l.asked = true;
      return true;
    }
    if (errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS)
      return true;
    fail(l, errno == ECONNREFUSED || errno == ETIMEDOUT ? failure::connect : failure::reset);
    return false;
  }

  void take_events() {
    std::array<epoll_event, 256> events;
    const bool paced = options_.rate > 0;
    const int n = ::epoll_wait(poller_, events.data(), static_cast<int>(events.size()), paced ? 1 : 100);
    for (int i = 0; i < n; ++i) {
      link& l = *static_cast<link*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (l.fd >= 0)
        go_on(l);
    }
  }

  void go_on(link& l) {
    if (!l.asked && (!ask(l) || !l.asked))
      return;
    for (;;) {
      const ::ssize_t n = ::recv(l.fd, buffer_.data(), buffer_.size(), 0);
      if (n > 0) {
        if (l.answered || !take(l, {buffer_.data(), static_cast<std::size_t>(n)})) {
          fail(l, failure::answer);
          return;
        }
        if (l.answered && options_.by != closing::server) {
          finish(l);
          return;
        }
      } else if (n == 0) {
        if (l.answered)
          finish(l);
        else
          fail(l, failure::closed);
        return;
      } else {
        if (errno != EAGAIN)
          fail(l, failure::reset);
        return;
      }
    }
  }

  static bool take(link& l, std::string_view bytes) {
    const auto state = l.reader.feed(bytes);
    l.answered = state == response_reader::state::done && l.reader.status() == 200;
    return l.answered || state == response_reader::state::more;
  }

  void finish(link& l) {
    figures_.latencies.record(now_ns() - l.began_ns);
    if (options_.by == closing::reset) {
      const ::linger at_once{1, 0};
      ::setsockopt(l.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    ++figures_.closed;
    all_closed_.fetch_add(1, std::memory_order_relaxed);
    leave(l);
  }

  void fail(link& l, failure how) {
    ++figures_.failures[static_cast<std::size_t>(how)];
    leave(l);
  }

  void leave(link& l) {
    if (l.fd >= 0)
      ::close(l.fd);
    l.fd = -1;
    ++done_;
    waiting_.push_back(&l);
  }

  static constexpr std::int64_t patience_ns = 30'000'000'000;

  std::atomic<std::uint64_t>& all_closed_;
  const churn_options options_;
  const std::string request_;
  const int poller_;
  std::vector<link> links_;
  std::vector<link*> waiting_; ///< those that are closed
  std::int64_t began_ns_ = 0;
  std::int64_t progress_ns_ = 0;
  std::int64_t measuring_ns_ = 0; ///< 0 until then
  std::uint64_t opened_ = 0;
  std::uint64_t done_ = 0; ///< closed, or failed
  churn_figures figures_;
  std::array<char, 16 * 1024> buffer_;
};

int run(int argc, char** argv) {
  const auto options = parse_churn_options(argc, argv);
  if (!options) {
    std::fputs(churn_usage.data(), stderr);
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::atomic<std::uint64_t> closed{0};
  std::vector<std::unique_ptr<churn>> shares;
  for (int i = 0; i < options->threads; ++i) {
    churn_options share = *options;
    const auto n = static_cast<std::uint64_t>(options->threads);
    const auto part = [&, at = static_cast<std::uint64_t>(i)](std::uint64_t whole) {
      return whole / n + (at < whole % n ? 1 : 0);
    };
    share.in_flight = static_cast<int>(part(static_cast<std::uint64_t>(options->in_flight)));
    share.connections = part(options->connections);
    share.rate = options->rate / options->threads;
    share.first_address = i * options->addresses;
    if (i != 0)
      share.servers.clear(); // told once
    shares.push_back(std::make_unique<churn>(share, closed));
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < shares.size(); ++i)
    threads.emplace_back([&share = *shares[i]] { share.run(); });
  shares[0]->run();
  for (std::thread& t : threads)
    t.join();
  churn_figures all;
  for (const auto& share : shares)
    all.add(share->figures());
  all.print();
  return 0;
}

} // namespace
} // namespace perron::bench

int main(int argc, char** argv) { return perron::bench::run(argc, argv); }
