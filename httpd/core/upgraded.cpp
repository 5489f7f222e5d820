// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/upgraded.hpp>

#include <perron/httpd/core/sending.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/waiting.hpp>
#include <perron/runtime/process.hpp>

#include <cerrno>

namespace perron::httpd::core {

upgraded::upgraded(connection& c, std::string_view came, std::chrono::milliseconds write_time)
    : connection_(c), came_(came.empty() ? nullptr : std::make_unique<std::string>(came)),
      write_time_(write_time) {}

std::optional<std::size_t> upgraded::try_read(std::span<char> into) {
  if (came_ != nullptr) {
    const std::size_t n = came_->copy(into.data(), into.size());
    came_->erase(0, n);
    if (came_->empty())
      came_.reset();
    return n;
  }
  if (peer_has_ended_ || into.empty())
    return 0;
  connection_.will_read();
  std::int64_t n = connection_.receive(into.data(), into.size());
  while (n == -EAGAIN && connection_.waits_to_write()) { // no mail would tell of that
    if (!connection_.wait_for(connection_.events_to_read(), rc::wait_kind::writable,
                              runtime::detail::current().sched->due_in(
                                  static_cast<std::uint64_t>(std::chrono::nanoseconds(write_time_).count()))))
      client_gone();
    n = connection_.receive(into.data(), into.size());
  }
  if (n == -EAGAIN)
    return std::nullopt;
  if (n < 0)
    client_gone();
  if (n == 0)
    peer_has_ended_ = true;
  // less than asked for: the socket is drained, and what comes later makes a new event
  if (static_cast<std::size_t>(n) == into.size())
    connection_.may_have_more();
  rc::spend(runtime::detail::current());
  return static_cast<std::size_t>(n);
}

std::size_t upgraded::read(std::span<char> into) {
  for (;;) {
    if (const auto n = try_read(into))
      return *n;
    connection_.wait_for(connection_.events_to_read(), rc::wait_kind::readable, rc::waiting::forever);
  }
}

void upgraded::write(std::span<const std::string_view> parts) {
  reader_pace pace({.write_time = write_time_});
  send_all(connection_, parts, pace);
}

void upgraded::end() {
  connection_.in_use().outcome = peer_has_ended_ ? outcome::done_close : outcome::done_unread;
}

} // namespace perron::httpd::core
