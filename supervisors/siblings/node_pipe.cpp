// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/node_pipe.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace perron::siblings::core {

void node_pipe::send(const std::shared_ptr<const std::string>& wire, time now) {
  waiting_ += wire->size();
  out_.push_back(wire);
  if (alive_.sent(now))
    queue_ping();
  flush(now);
}

void node_pipe::queue_ping() {
  std::string wire;
  encode({.kind = frame_kind::ping, .number = alive_.number()}, wire);
  waiting_ += wire.size();
  out_.push_back(std::make_shared<const std::string>(std::move(wire)));
}

void node_pipe::flush(time now) {
  if (alive_.is_ping_due(now))
    queue_ping();
  while (!out_.empty()) {
    std::array<iovec, 64> parts{};
    const std::size_t count = std::min(parts.size(), out_.size());
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t skip = i == 0 ? sent_of_first_ : 0;
      parts[i] = {const_cast<char*>(out_[i]->data()) + skip, out_[i]->size() - skip};
    }
    msghdr all{};
    all.msg_iov = parts.data();
    all.msg_iovlen = count;
    const ssize_t n = ::sendmsg(fd_.get(), &all, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      alive_.stuck(now);
      return;
    }
    auto taken = static_cast<std::size_t>(n);
    waiting_ -= taken;
    sent_of_first_ += taken;
    while (!out_.empty() && sent_of_first_ >= out_.front()->size()) {
      sent_of_first_ -= out_.front()->size();
      out_.pop_front();
    }
    alive_.took(!out_.empty(), now);
  }
}

node_pipe::came node_pipe::read(const std::function<bool(frame)>& take, time now) {
  std::array<char, 64 * 1024> part; // NOLINT(cppcoreguidelines-pro-type-member-init)
  const ssize_t n = ::recv(fd_.get(), part.data(), part.size(), MSG_DONTWAIT);
  if (n < 0)
    return errno == EAGAIN || errno == EINTR ? came::nothing : came::end;
  if (n == 0)
    return came::end;
  in_.feed({part.data(), static_cast<std::size_t>(n)});
  for (;;) {
    runtime::result<std::optional<frame>> next = in_.next();
    if (!next)
      return came::end;
    if (!*next)
      return came::some;
    frame& what = **next;
    if (what.kind == frame_kind::pong)
      alive_.pong(what.number, now);
    else if (!take(std::move(what)))
      return came::end;
  }
}

} // namespace perron::siblings::core
