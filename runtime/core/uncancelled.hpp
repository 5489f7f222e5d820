// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/instrumented.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

/// System calls that every request or connection makes. The C library's are points where a thread may be
/// cancelled, for which each executes four locked instructions as soon as there is a second thread; nobody
/// cancels a carrier. They answer and set errno as the library's do. Sanitizers have to see what passes
/// through the library's.
namespace perron::runtime::core::uncancelled {

#if defined(PERRON_ASAN) || defined(PERRON_TSAN)

inline ::ssize_t recv(int fd, void* into, std::size_t size) noexcept { return ::recv(fd, into, size, 0); }
inline ::ssize_t send(int fd, const void* from, std::size_t size, int flags = 0) noexcept {
  return ::send(fd, from, size, MSG_NOSIGNAL | flags);
}
inline int accept(int fd, int flags) noexcept { return ::accept4(fd, nullptr, nullptr, flags); }
inline int close(int fd) noexcept { return ::close(fd); }
inline int epoll_wait(int epoll, ::epoll_event* events, int most, int timeout_ms) noexcept {
  return ::epoll_wait(epoll, events, most, timeout_ms);
}

#else

inline ::ssize_t recv(int fd, void* into, std::size_t size) noexcept {
  return ::syscall(SYS_recvfrom, fd, into, size, 0, nullptr, nullptr);
}
inline ::ssize_t send(int fd, const void* from, std::size_t size, int flags = 0) noexcept {
  return ::syscall(SYS_sendto, fd, from, size, MSG_NOSIGNAL | flags, nullptr, 0);
}
inline int accept(int fd, int flags) noexcept {
  return static_cast<int>(::syscall(SYS_accept4, fd, nullptr, nullptr, flags));
}
inline int close(int fd) noexcept { return static_cast<int>(::syscall(SYS_close, fd)); }
inline int epoll_wait(int epoll, ::epoll_event* events, int most, int timeout_ms) noexcept {
#if defined(SYS_epoll_wait)
  return static_cast<int>(::syscall(SYS_epoll_wait, epoll, events, most, timeout_ms));
#else
  // not every architecture has it; without a mask this is the same
  return static_cast<int>(::syscall(SYS_epoll_pwait, epoll, events, most, timeout_ms, nullptr, 0));
#endif
}

#endif

} // namespace perron::runtime::core::uncancelled
