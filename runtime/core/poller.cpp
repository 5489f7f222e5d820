// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/poller.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/uncancelled.hpp>
#include <perron/runtime/core/worker.hpp>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace perron::runtime::core {
namespace {

/// A handler of add_late waits for this long at most while the worker is busy.
constexpr std::uint64_t longest_new_ms = 4;

int control(int epoll, int how, poll_handler& h, std::uint32_t events) noexcept {
  epoll_event ev{};
  ev.events = events | EPOLLIN | EPOLLRDHUP | EPOLLET;
  ev.data.ptr = &h;
  return ::epoll_ctl(epoll, how, h.fd, &ev) == 0 ? 0 : errno;
}

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
  for (const new_handler& n : new_)
    if (n.handler->dead)
      n.handler->dispose(*n.handler);
  bury();
  ::close(alarm_);
  ::close(epoll_);
}

int poller::add(poll_handler& h) noexcept {
  h.watched.store(in_and_out, std::memory_order_relaxed);
  return control(epoll_, EPOLL_CTL_ADD, h, EPOLLOUT);
}

void poller::add_late(poll_handler& h) noexcept {
  try {
    new_.push_back({&h, h.home->polled_ms});
    h.is_new = true;
  } catch (const std::bad_alloc&) {
    start_to_watch(h, in_only);
  }
}

/// Who sets in_only first adds it. Who wants to know of room to write, while another is about to add it,
/// cannot change that yet (ENOENT), but then the other sees the wish after it has added it: the kernel does
/// one after the other, and seq_cst puts the wish before the attempt and the look behind the adding.
/// False: it cannot be watched, and was shut down.
bool poller::start_to_watch(poll_handler& h, std::uint8_t wanted) noexcept {
  const std::uint8_t before = h.watched.fetch_or(wanted, std::memory_order_seq_cst);
  int failed = 0;
  if ((before & in_only) == 0) {
    const bool writes = ((before | wanted) & in_and_out) == in_and_out;
    failed = control(epoll_, EPOLL_CTL_ADD, h, writes ? std::uint32_t(EPOLLOUT) : 0);
    if (failed == 0 && !writes && h.watched.load(std::memory_order_seq_cst) == in_and_out)
      failed = control(epoll_, EPOLL_CTL_MOD, h, EPOLLOUT);
  } else if (before != in_and_out && wanted == in_and_out) {
    failed = control(epoll_, EPOLL_CTL_MOD, h, EPOLLOUT);
    if (failed == ENOENT)
      failed = 0;
  }
  if (failed != 0)
    ::shutdown(h.fd, SHUT_RDWR);
  return failed == 0;
}

void poller::remove(poll_handler& h) noexcept { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, h.fd, nullptr); }

void poller::retire(poll_handler& h) noexcept {
  if (h.dead)
    return;
  h.dead = true;
  if (h.fd >= 0) {
    if (h.watched.load(std::memory_order_relaxed) != 0)
      remove(h);
    uncancelled::close(h.fd);
  }
  h.fd = -1;
  if (!h.is_new) // else it still stands in that list
    retired_.push_back(&h);
}

void poller::bury() noexcept {
  for (poll_handler* h : retired_)
    h->dispose(*h);
  retired_.clear();
}

/// What is looked at may make others, which are not: they are behind the end as it was.
void poller::look_at_new(worker& at, std::uint64_t before_ms) noexcept {
  std::size_t n = 0;
  for (const std::size_t end = new_.size(); n != end && new_[n].since_ms < before_ms; ++n)
    look_at_one(*new_[n].handler, at);
  new_.erase(new_.begin(), new_.begin() + static_cast<std::ptrdiff_t>(n));
}

void poller::look_at_one(poll_handler& h, worker& at) noexcept {
  h.is_new = false;
  if (h.dead) {
    retired_.push_back(&h);
    return;
  }
  if (looks_.now()) {
    h.ready(h, 0, at);
    looks_.was(h.dead);
  }
  if (!h.dead && h.watched.load(std::memory_order_relaxed) == 0 && !start_to_watch(h, in_only))
    h.ready(h, EPOLLIN | EPOLLRDHUP | EPOLLHUP, at);
}

std::size_t poller::wait(int timeout_ms, worker& at) {
  if (!new_.empty() && new_.front().since_ms + longest_new_ms < at.polled_ms)
    look_at_new(at, at.polled_ms - longest_new_ms);
  bury();
  std::array<epoll_event, 256> events;
  const int n = uncancelled::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  woke_ns = monotonic_ns();
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
