// SPDX-License-Identifier: BSD-3-Clause
//
// What links read and send.
#include <perron/bench/soak/connections.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace perron::soak {

namespace {

/// What an activity leaves unused grows no longer than this.
constexpr std::size_t most_unread = 2U << 20U;

} // namespace

void connections::send(link& l, std::string_view bytes) {
  if (const auto waiting = unsent_.find(index_of(l)); waiting != unsent_.end()) {
    waiting->second += bytes;
    return;
  }
  ssize_t sent = ::send(l.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR)
    return; // its end is an event of its own
  sent = std::max<ssize_t>(sent, 0);
  block_.bytes_out.add(static_cast<std::uint64_t>(sent));
  if (static_cast<std::size_t>(sent) < bytes.size())
    unsent_[index_of(l)] = bytes.substr(static_cast<std::size_t>(sent));
}

void connections::flush(link& l) {
  const auto waiting = unsent_.find(index_of(l));
  if (waiting == unsent_.end())
    return;
  const std::string bytes = std::move(waiting->second);
  unsent_.erase(waiting);
  send(l, bytes);
}

void connections::on_readable(link& l, bool ends) {
  const std::uint32_t generation = l.generation;
  while (l.fd >= 0 && l.generation == generation && !l.muted) {
    const ssize_t got = ::recv(l.fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 && errno == EAGAIN)
      return;
    if (got < 0)
      return lost(l, errno == ECONNRESET ? error_kind::reset : error_kind::other, std::strerror(errno));
    if (got == 0)
      return lost(l, error_kind::closed_early,
                  "closed by the server " + std::to_string((now_ - l.since_ns) / 1'000'000'000) +
                      " s after the last question");
    const auto size = static_cast<std::size_t>(got);
    take(l, {buffer_.data(), size});
    // A short read has emptied the socket; what comes behind it is another event.
    if (size < buffer_.size() && !ends)
      return;
  }
}

std::size_t connections::read_some(link& l, std::size_t most) {
  const ssize_t got = ::recv(l.fd, buffer_.data(), std::min(most, buffer_.size()), 0);
  if (got > 0) {
    take(l, {buffer_.data(), static_cast<std::size_t>(got)});
    return static_cast<std::size_t>(got);
  }
  if (got == 0)
    lost(l, error_kind::closed_early, "closed by the server");
  else if (errno != EAGAIN && errno != EINTR)
    lost(l, errno == ECONNRESET ? error_kind::reset : error_kind::other, std::strerror(errno));
  return 0;
}

void connections::take(link& l, std::string_view fresh) {
  block_.bytes_in.add(fresh.size());
  std::string joined;
  if (const auto rest = unread_.find(index_of(l)); rest != unread_.end()) {
    joined = std::move(rest->second);
    unread_.erase(rest);
    joined += fresh;
    fresh = joined;
  }
  const std::uint32_t generation = l.generation;
  while (!fresh.empty()) {
    const std::size_t used =
        l.state == link_state::greeting ? greeted(l, fresh) : activity_of(l).received(l, fresh);
    if (l.fd < 0 || l.generation != generation)
      return;
    if (used == 0)
      break;
    fresh.remove_prefix(used);
  }
  if (fresh.size() > most_unread)
    return fail(l, error_kind::bad_answer, "more than 2 MB in one piece");
  if (!fresh.empty())
    unread_[index_of(l)] = fresh;
}

/// The answer names the process that serves the link, if it is a number. Any other answer is good as well:
/// the link is served.
std::size_t connections::greeted(link& l, std::string_view bytes) {
  const answer_step step = next_step(l.answer, bytes);
  if (step.wrong != nullptr) {
    lost(l, error_kind::bad_answer, step.wrong);
    return 0;
  }
  for (const char c : step.body)
    if (c >= '0' && c <= '9')
      l.node = 10 * l.node + static_cast<std::uint32_t>(c - '0');
    else if (c != '\n')
      l.step = 1;
  if (!step.whole)
    return step.used;
  if (l.step != 0 || l.answer.status != 200)
    l.node = 0;
  block_.answers.add();
  if (l.answer.status >= 500)
    lost(l, error_kind::bad_answer, "the greeting was answered with " + std::to_string(l.answer.status));
  else if (l.answer.closes)
    lost(l, error_kind::closed_early, "the greeting was answered with Connection: close");
  else
    is_open(l);
  return step.used;
}

} // namespace perron::soak
