// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/failure.hpp>
#include <perron/runtime/net/stream.hpp>
#include <perron/runtime/net/system_calls.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace perron::runtime::net {
namespace {

constexpr std::chrono::milliseconds first_pause{1};
constexpr std::chrono::milliseconds longest_pause{50};

/// A descriptor that nobody has taken over yet; closed also if the process is ended.
struct fresh_descriptor {
  int fd;
  ~fresh_descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
};

/// Waits until the network has said yes or no. Gives an errno, 0 if yes.
int settle(detail::socket& s, detail::operation& op, bool& gave_up) {
  for (;;) {
    if (const int code = op.wait(s.writing, core::wait_kind::writable); code != 0) {
      gave_up = true;
      return code;
    }
    const int outcome = detail::connect_outcome(s.fd);
    if (outcome != -EINPROGRESS)
      return -outcome;
    // woken for nothing
    s.writing.begin();
    s.writing.end(true);
  }
}

} // namespace

result<stream> connect(const address& to, std::chrono::nanoseconds timeout) {
  const std::string what = "connect to " + to.to_string();
  detail::operation op(timeout);
  fresh_descriptor made{detail::make_socket(to.family())};
  if (made.fd < 0)
    return detail::failure(what, -made.fd);
  if (to.is_ip())
    detail::set_option(made.fd, IPPROTO_TCP, TCP_NODELAY, 1);
  int outcome = detail::try_connect(made.fd, to.data(), to.size());
  // unix(7): EAGAIN means that the listener's backlog is full; no event tells when it no longer is
  for (auto pause = first_pause; outcome == -EAGAIN && !to.is_ip();
       pause = std::min(pause * 2, longest_pause)) {
    if (const int code = op.pause(pause); code != 0)
      return detail::gave_up(what, code);
    outcome = detail::try_connect(made.fd, to.data(), to.size());
  }
  if (outcome != 0 && outcome != -EINPROGRESS)
    return detail::failure(what, -outcome);
  auto handle = detail::socket_handle::open(std::exchange(made.fd, -1), outcome == -EINPROGRESS);
  if (!handle)
    return handle.error();
  if (outcome == -EINPROGRESS) {
    bool gave_up = false;
    if (const int code = settle(**handle, op, gave_up); code != 0)
      return gave_up ? detail::gave_up(what, code) : detail::failure(what, code);
  }
  op.spend(0);
  return stream(std::move(*handle));
}

} // namespace perron::runtime::net
