// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/ticket_board.hpp>

#include <perron/runtime/core/clock.hpp>

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <string>

namespace perron::runtime::tls {
namespace {

constexpr std::chrono::milliseconds longest_wait{5};

/// Written before the fork, and before there are threads.
std::atomic<ticket_board*> shared{nullptr};

} // namespace

ticket_board::ticket_board() noexcept {
  pthread_mutexattr_t how;
  ::pthread_mutexattr_init(&how);
  ::pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
  ::pthread_mutex_init(&lock_, &how);
  ::pthread_mutexattr_destroy(&how);
}

result<ticket_board*> ticket_board::make() {
  void* const at =
      ::mmap(nullptr, sizeof(ticket_board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED)
    return error{std::string("shared memory for ticket keys: ") + std::strerror(errno), errno};
  ::madvise(at, sizeof(ticket_board), MADV_DONTDUMP);
  return ::new (at) ticket_board;
}

void ticket_board::begin_anew() noexcept {
  for (place& p : places_) {
    p.ring.clear();
    p.used = 0;
  }
}

ticket_board::turn::turn(ticket_board& of) noexcept : of_(of) {
  int got = ::pthread_mutex_trylock(&of_.lock_);
  // who has it is done within 100 ns, if it runs
  for (const auto until = core::steady_now() + longest_wait; got == EBUSY && core::steady_now() < until;) {
    ::sched_yield();
    got = ::pthread_mutex_trylock(&of_.lock_);
  }
  held_ = got == 0 || got == EOWNERDEAD;
  if (got == EOWNERDEAD) {
    of_.begin_anew();
    ::pthread_mutex_consistent(&of_.lock_);
  }
}

ticket_board::turn::~turn() {
  if (held_)
    ::pthread_mutex_unlock(&of_.lock_);
}

ticket_ring* ticket_board::turn::ring_of(const label& whose) noexcept {
  if (!held_)
    return nullptr;
  auto& places = of_.places_;
  auto at = std::find_if(places.begin(), places.end(),
                         [&](const place& p) { return p.used != 0 && p.whose == whose; });
  if (at == places.end()) {
    at = std::min_element(places.begin(), places.end(),
                          [](const place& a, const place& b) { return a.used < b.used; });
    at->ring.clear();
    at->whose = whose;
  }
  at->used = ++of_.uses_;
  return &at->ring;
}

result<void> share_ticket_keys() {
  if (shared.load() != nullptr)
    return {};
  const auto made = ticket_board::make();
  if (!made)
    return made.error();
  shared.store(*made);
  return {};
}

ticket_board* shared_ticket_keys() noexcept { return shared.load(); }

} // namespace perron::runtime::tls
