// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/sending.hpp>

#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/process.hpp>

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace perron::httpd::core {
namespace {

/// As many pieces as go into one system call.
constexpr std::size_t parts_at_once = 16;
/// Bytes before others get a turn.
constexpr std::uint64_t file_bytes_at_once = 256 * 1024;

} // namespace

void client_gone() { throw rc::process_exit{runtime::exit_reason::client_gone()}; }

void wait_for_room(connection& to, std::uint64_t& due, std::chrono::milliseconds write_time) {
  if (due == 0)
    due = runtime::detail::current().sched->due_in(
        static_cast<std::uint64_t>(std::chrono::nanoseconds(write_time).count()));
  if (!to.wait_for(to.events_to_write(), rc::wait_kind::writable, due))
    throw rc::process_exit{supervisors::slow_reader()};
}

void send_two(connection& to, std::string_view first, std::string_view second,
              std::chrono::milliseconds write_time) {
  const std::array<iovec, 2> pieces{iovec{const_cast<char*>(first.data()), first.size()},
                                    iovec{const_cast<char*>(second.data()), second.size()}};
  const std::int64_t n = to.send(pieces.data(), second.empty() ? 1 : 2);
  if (n == static_cast<std::int64_t>(first.size() + second.size())) [[likely]]
    return;
  if (n < 0 && n != -EAGAIN)
    client_gone();
  const std::size_t sent = n > 0 ? static_cast<std::size_t>(n) : 0;
  const std::size_t of_first = std::min(sent, first.size());
  send_all(to, std::array<std::string_view, 2>{first.substr(of_first), second.substr(sent - of_first)},
           write_time);
}

void send_all(connection& to, std::span<const std::string_view> parts, std::chrono::milliseconds write_time) {
  std::uint64_t due = 0;
  std::size_t done = 0; // of the first part
  for (;;) {
    std::array<iovec, parts_at_once> pieces;
    std::size_t count = 0;
    for (std::size_t i = 0; i < parts.size() && count < pieces.size(); ++i) {
      const std::string_view rest = parts[i].substr(i == 0 ? done : 0);
      if (!rest.empty())
        pieces[count++] = {const_cast<char*>(rest.data()), rest.size()};
    }
    if (count == 0 && parts.size() <= parts_at_once)
      return;
    const std::int64_t n = count == 0 ? 0 : to.send(pieces.data(), count);
    if (n == -EAGAIN) {
      wait_for_room(to, due, write_time);
      continue;
    }
    if (n < 0)
      client_gone();
    due = 0;
    done += static_cast<std::size_t>(n);
    while (!parts.empty() && done >= parts.front().size()) {
      done -= parts.front().size();
      parts = parts.subspan(1);
    }
    if (parts.empty())
      return;
    rc::spend(runtime::detail::current());
  }
}

void send_file(connection& to, int file, std::uint64_t offset, std::uint64_t count,
               std::chrono::milliseconds write_time) {
  std::uint64_t due = 0;
  auto at = static_cast<::off_t>(offset);
  while (count != 0) {
    const std::int64_t n =
        to.sendfile(file, at, static_cast<std::size_t>(std::min(count, file_bytes_at_once)));
    if (n == -EAGAIN) {
      wait_for_room(to, due, write_time);
      continue;
    }
    if (n == -EPIPE || n == -ECONNRESET || n == -ETIMEDOUT)
      client_gone();
    if (n <= 0)
      throw std::runtime_error(n == 0 ? "perron: a file is shorter than what was to be sent of it"
                                      : "perron: a file cannot be sent, error " + std::to_string(-n));
    due = 0;
    count -= static_cast<std::uint64_t>(n);
    rc::spend(runtime::detail::current());
  }
}

} // namespace perron::httpd::core
