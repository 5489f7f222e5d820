// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/poller.hpp>

#include <perron/runtime/core/worker.hpp>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace perron::runtime::core {
namespace {

void retire_errand(runnable& self, carrier&) {
  auto& h = static_cast<poll_handler&>(self);
  h.home->poll.retire(h);
}

} // namespace

poll_handler::poll_handler(ready_function r, dispose_function d) noexcept
    : runnable(&retire_errand), ready(r), dispose(d) {}

poller::poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), alarm_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  epoll_event ev{};
  ev.events = EPOLLIN | EPOLLET;
  ev.data.ptr = nullptr;
  if (epoll_ < 0 || alarm_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, alarm_, &ev) != 0)
    throw std::system_error(errno, std::generic_category(), "perron: a worker's epoll set");
}

poller::~poller() {
  bury();
  ::close(alarm_);
  ::close(epoll_);
}

int poller::add(poll_handler& h) noexcept {
  epoll_event ev{};
  ev.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  ev.data.ptr = &h;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, h.fd, &ev) == 0 ? 0 : errno;
}

void poller::remove(poll_handler& h) noexcept { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, h.fd, nullptr); }

void poller::retire(poll_handler& h) noexcept {
  if (h.dead)
    return;
  h.dead = true;
  if (h.fd >= 0) {
    remove(h);
    ::close(h.fd);
  }
  h.fd = -1;
  retired_.push_back(&h);
}

void poller::bury() noexcept {
  for (poll_handler* h : retired_)
    h->dispose(*h);
  retired_.clear();
}

std::size_t poller::wait(int timeout_ms, worker& at) {
  bury();
  std::array<epoll_event, 256> events;
  const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < n; ++i) {
    const epoll_event& ev = events[static_cast<std::size_t>(i)];
    auto* h = static_cast<poll_handler*>(ev.data.ptr);
    // the alarm has no handler, and is not read: edge-triggered, it rings for each write
    if (h != nullptr && !h->dead)
      h->ready(*h, ev.events, at);
  }
  if (!retired_.empty())
    bury();
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

void poller::wake() noexcept {
  const std::uint64_t one = 1;
  // nobody ever reads the counter, and it does not reach its end
  [[maybe_unused]] const auto written = ::write(alarm_, &one, sizeof one);
}

} // namespace perron::runtime::core
