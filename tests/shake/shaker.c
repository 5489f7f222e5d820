/* SPDX-License-Identifier: BSD-3-Clause */
/* Preloaded into the tests by `./dev shake`: holds threads up at random where they go through the kernel or a lock, one
 * thread in four much more than the others. PERRON_SHAKE in the environment is the strength, 1 or more. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name)                                                                                           \
  static __typeof__(&name) real;                                                                             \
  if (real == NULL)                                                                                          \
  real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static __thread uint64_t state; /* of this thread's numbers; 0: none yet */
static __thread int is_slow;
static unsigned strength;

static uint64_t next_number(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state >> 20;
}

static void begin(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  state = (uint64_t)now.tv_nsec * 0x9E3779B97F4A7C15U ^ (uint64_t)now.tv_sec ^ (uintptr_t)&state;
  if (state == 0)
    state = 1;
  for (int i = 0; i < 5; ++i)
    next_number();
  is_slow = next_number() % 4 == 0;
  const char* wanted = getenv("PERRON_SHAKE");
  strength = wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10) : 2;
}

/* As the library's, which what is below stands in front of. */
static long plain_syscall(long number, long a, long b, long c, long d, long e, long f) {
  NEXT(syscall);
  return real(number, a, b, c, d, e, f);
}

static void wait_us(uint64_t us) {
  const struct timespec t = {0, (long)us * 1000};
  plain_syscall(SYS_nanosleep, (long)&t, 0, 0, 0, 0, 0);
}

static void shake(void) {
  const int kept = errno;
  if (state == 0)
    begin();
  if (next_number() % 1000 < 20U * strength * (is_slow ? 8 : 1)) {
    const uint64_t how = next_number() % 100;
    if (how < 4)
      wait_us(1000 + next_number() % 20000);
    else if (how < 40)
      wait_us(20 + next_number() % 400);
    else
      plain_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
  }
  errno = kept;
}

/* `type name(parameters)`, with a rest before and after it. */
#define SHAKEN(type, name, parameters, arguments)                                                            \
  type name parameters {                                                                                     \
    NEXT(name);                                                                                              \
    shake();                                                                                                 \
    const type result = real arguments;                                                                      \
    shake();                                                                                                 \
    return result;                                                                                           \
  }

SHAKEN(ssize_t, read, (int fd, void* to, size_t n), (fd, to, n))
SHAKEN(ssize_t, write, (int fd, const void* from, size_t n), (fd, from, n))
SHAKEN(ssize_t, send, (int fd, const void* from, size_t n, int flags), (fd, from, n, flags))
SHAKEN(ssize_t, recv, (int fd, void* to, size_t n, int flags), (fd, to, n, flags))
SHAKEN(ssize_t, sendmsg, (int fd, const struct msghdr* m, int flags), (fd, m, flags))
SHAKEN(ssize_t, recvmsg, (int fd, struct msghdr* m, int flags), (fd, m, flags))
SHAKEN(int, epoll_wait, (int fd, struct epoll_event* e, int n, int ms), (fd, e, n, ms))
SHAKEN(int, epoll_ctl, (int fd, int what, int on, struct epoll_event* e), (fd, what, on, e))
SHAKEN(int, poll, (struct pollfd * of, nfds_t n, int ms), (of, n, ms))
SHAKEN(int, accept4, (int fd, struct sockaddr* a, socklen_t* n, int flags), (fd, a, n, flags))
SHAKEN(int, connect, (int fd, const struct sockaddr* a, socklen_t n), (fd, a, n))
SHAKEN(int, close, (int fd), (fd))
SHAKEN(int, pthread_mutex_lock, (pthread_mutex_t * m), (m))
SHAKEN(int, pthread_mutex_unlock, (pthread_mutex_t * m), (m))
SHAKEN(int, sched_yield, (void), ())

/* What the runtime calls without the library's cancellation points. */
long syscall(long number, ...) {
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (int i = 0; i < 6; ++i)
    a[i] = va_arg(rest, long);
  va_end(rest);
  shake();
  const long result = plain_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  shake();
  return result;
}
