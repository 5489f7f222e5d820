// SPDX-License-Identifier: BSD-3-Clause
#include "load_thread.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

namespace perron::bench {

namespace {

// One source address has some 28,000 ports towards one server; those of a last run may still be in TIME_WAIT.
constexpr int connections_per_source = 5000;

constexpr int64_t reopen_every_ns = 100'000'000;

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

} // namespace

void load_result::merge(const load_result& other) {
  latencies.merge(other.latencies);
  answered += other.answered;
  for (size_t i = 0; i < errors.size(); ++i)
    errors[i] += other.errors[i];
  reconnects += other.reconnects;
}

load_thread::load_thread(const load_options& options, load_control& control, int first, int connections,
                         double rate)
    : options_{options}, control_{control}, first_{first}, interval_ns_{rate > 0 ? 1e9 / rate : 0},
      request_{"GET " + options.path + " HTTP/1.1\r\nHost: " + options.host + ":" +
               std::to_string(options.port) + "\r\n\r\n"},
      poller_{epoll_create1(EPOLL_CLOEXEC)}, timer_{timerfd_create(CLOCK_MONOTONIC,
                                                                   TFD_NONBLOCK | TFD_CLOEXEC)},
      links_(static_cast<size_t>(connections)) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  epoll_ctl(poller_, EPOLL_CTL_ADD, timer_, &event);
}

load_thread::~load_thread() {
  for (auto& each : links_)
    if (each.fd >= 0)
      close(each.fd);
  close(timer_);
  close(poller_);
}

void load_thread::run() {
  std::array<epoll_event, 512> events;
  open_more();
  for (;;) {
    const int ready = epoll_wait(poller_, events.data(), static_cast<int>(events.size()), 20);
    if (const auto phase = control_.phase.load(std::memory_order_acquire); phase != phase_)
      enter(phase);
    for (int i = 0; i < ready; ++i) {
      const auto& event = events[static_cast<size_t>(i)];
      if (event.data.ptr != nullptr)
        on_ready(*static_cast<link*>(event.data.ptr), event.events);
      else
        clear_timer();
    }
    if (phase_ == load_phase::opening)
      open_more();
    else if (phase_ == load_phase::draining && drained())
      break;
    else if (options_.mode == load_mode::open)
      send_due();
    reopen_broken();
  }
  count_unanswered();
}

void load_thread::open_more() {
  for (; opening_ < options_.opening && next_to_open_ < links_.size(); ++next_to_open_) {
    ++opening_;
    connect(links_[next_to_open_]);
  }
}

void load_thread::connect(link& l) {
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(options_.port);
  inet_pton(AF_INET, options_.host.c_str(), &server.sin_addr);
  l.reader.reset();
  l.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (l.fd < 0)
    return fail(l, load_error::connect);
  const int on = 1;
  setsockopt(l.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if ((ntohl(server.sin_addr.s_addr) >> 24) == IN_LOOPBACKNET) {
    const auto index = static_cast<uint32_t>(first_ + static_cast<int>(&l - links_.data()));
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + index / connections_per_source);
    setsockopt(l.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    bind(l.fd, reinterpret_cast<const sockaddr*>(&source), sizeof source);
  }
  if (::connect(l.fd, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 && errno != EINPROGRESS)
    return fail(l, load_error::connect);
  l.state = link_state::connecting;
  epoll_event event{};
  event.events = EPOLLOUT;
  event.data.ptr = &l;
  epoll_ctl(poller_, EPOLL_CTL_ADD, l.fd, &event);
}

void load_thread::on_ready(link& l, uint32_t events) {
  if (l.state == link_state::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(l.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error != 0 ? fail(l, load_error::connect) : on_connected(l);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && l.fd >= 0)
    on_readable(l);
}

void load_thread::on_connected(link& l) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &l;
  epoll_ctl(poller_, EPOLL_CTL_MOD, l.fd, &event);
  l.state = link_state::idle;
  if (options_.mode == load_mode::open) {
    // Established at once: a server that is busy elsewhere may not have accepted it, and that shall be seen.
    on_established(l);
    free_.push_back(&l);
  } else if (phase_ != load_phase::draining && !(options_.mode == load_mode::hold && l.established)) {
    ask(l, now_ns());
  }
}

void load_thread::on_established(link& l) {
  if (std::exchange(l.established, true))
    return;
  --opening_;
  control_.established.fetch_add(1, std::memory_order_release);
}

void load_thread::on_readable(link& l) {
  std::array<char, 16 * 1024> buffer;
  const auto received = recv(l.fd, buffer.data(), buffer.size(), 0);
  if (received < 0) {
    if (errno != EAGAIN && errno != EINTR)
      fail(l, load_error::reset);
    return;
  }
  if (received == 0)
    return fail(l, load_error::closed);
  if (l.state != link_state::waiting)
    return fail(l, load_error::malformed);
  switch (l.reader.feed({buffer.data(), static_cast<size_t>(received)})) {
  case response_reader::state::more:
    return;
  case response_reader::state::done:
    return on_answer(l);
  case response_reader::state::malformed:
    return fail(l, load_error::malformed);
  }
}

void load_thread::on_answer(link& l) {
  record(l);
  on_established(l);
  l.state = link_state::idle;
  if (l.reader.closes()) {
    ++result_.reconnects;
    close(l.fd);
    connect(l);
    return;
  }
  if (options_.mode == load_mode::open)
    free_.push_back(&l);
  else if (options_.mode == load_mode::closed && phase_ != load_phase::opening &&
           phase_ != load_phase::draining)
    ask(l, now_ns());
}

void load_thread::record(const link& l) {
  if (l.reader.status() != 200) {
    ++result_.errors[static_cast<size_t>(load_error::status)];
    return;
  }
  // What a closed loop had asked when the measured seconds ended is waited for, or else the slowest answers
  // would be missing from the latencies.
  const bool open = options_.mode == load_mode::open;
  if (open ? l.measured : phase_ == load_phase::measuring)
    ++result_.answered;
  if (open ? l.measured : measuring_began_ns_ != 0)
    result_.latencies.record(now_ns() - l.started_ns);
}

void load_thread::ask(link& l, int64_t started_ns) {
  l.state = link_state::waiting;
  l.started_ns = started_ns;
  l.measured = measuring_began_ns_ != 0 && started_ns >= measuring_began_ns_;
  const auto sent = send(l.fd, request_.data(), request_.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request_.size()))
    fail(l, load_error::reset);
}

// A connection that breaks is opened again, later: at once would make a dead server look busy.
void load_thread::fail(link& l, load_error error) {
  ++result_.errors[static_cast<size_t>(error)];
  if (l.fd >= 0)
    close(std::exchange(l.fd, -1));
  if (options_.mode == load_mode::open)
    std::erase(free_, &l);
  l.state = link_state::broken;
}

void load_thread::reopen_broken() {
  const auto now = now_ns();
  if (now < reopen_at_ns_ || phase_ == load_phase::draining || options_.mode == load_mode::hold)
    return;
  reopen_at_ns_ = now + reopen_every_ns;
  for (auto& each : links_)
    if (each.state == link_state::broken)
      connect(each);
}

void load_thread::enter(load_phase phase) {
  const auto before = std::exchange(phase_, phase);
  phase_began_ns_ = now_ns();
  if (phase == load_phase::measuring)
    measuring_began_ns_ = phase_began_ns_;
  if (before != load_phase::opening || phase == load_phase::draining)
    return;
  schedule_began_ns_ = phase_began_ns_;
  if (options_.mode == load_mode::closed)
    for (auto& each : links_)
      if (each.state == link_state::idle)
        ask(each, now_ns());
}

bool load_thread::drained() const {
  if (options_.mode == load_mode::hold || measuring_began_ns_ == 0)
    return true;
  if (static_cast<double>(now_ns() - phase_began_ns_) > options_.patience * 1e9)
    return true;
  return due_.empty() &&
         std::none_of(links_.begin(), links_.end(), [&](const link& l) { return awaited(l); });
}

bool load_thread::awaited(const link& l) const {
  return l.state == link_state::waiting && (options_.mode == load_mode::closed || l.measured);
}

void load_thread::send_due() {
  const auto now = now_ns();
  if (phase_ != load_phase::draining) {
    for (;; ++scheduled_) {
      const auto due =
          schedule_began_ns_ + static_cast<int64_t>(static_cast<double>(scheduled_) * interval_ns_);
      if (due > now)
        break;
      due_.push_back(due);
    }
    arm_timer();
  }
  while (!due_.empty() && !free_.empty()) {
    auto& l = *free_.front();
    free_.pop_front();
    ask(l, due_.front());
    due_.pop_front();
  }
}

void load_thread::arm_timer() {
  const auto next = schedule_began_ns_ + static_cast<int64_t>(static_cast<double>(scheduled_) * interval_ns_);
  itimerspec when{};
  when.it_value.tv_sec = next / 1'000'000'000;
  when.it_value.tv_nsec = next % 1'000'000'000;
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

void load_thread::clear_timer() {
  uint64_t expirations = 0;
  [[maybe_unused]] const auto size = read(timer_, &expirations, sizeof expirations);
}

// An answer that never came is an error, and counts with the time it was waited for.
void load_thread::count_unanswered() {
  if (options_.mode == load_mode::hold || measuring_began_ns_ == 0)
    return;
  const auto now = now_ns();
  const auto give_up = [&](int64_t since) {
    ++result_.errors[static_cast<size_t>(load_error::unanswered)];
    result_.latencies.record(now - since);
  };
  for (const auto& each : links_)
    if (awaited(each))
      give_up(each.started_ns);
  for (const auto since : due_)
    if (since >= measuring_began_ns_)
      give_up(since);
}

} // namespace perron::bench
