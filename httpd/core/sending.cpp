// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/sending.hpp>

#include <perron/httpd/core/generation.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/net/pieces.hpp>
#include <perron/runtime/net/system_calls.hpp>
#include <perron/runtime/process.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <stdexcept>
#include <utility>

namespace perron::httpd::core {
namespace {

namespace net = runtime::net::detail;

/// As many pieces as go into one system call.
constexpr std::size_t parts_at_once = 16;
/// What differs between bytes that go out as they are and those that are sealed first, which costs several
/// times as much and makes copies.
struct measure {
  std::int64_t per_reduction;
  std::uint64_t at_once; ///< of a file, in one call: what makes about one turn
  std::size_t room;      ///< that a large file gets in the kernel; see room_for_file()
};
constexpr measure plain{rc::bytes_per_reduction, std::uint64_t(1024) * 1024, std::size_t(4) * 1024 * 1024};
constexpr measure sealed{512, std::uint64_t(256) * 1024, std::size_t(1024) * 1024};

const measure& measure_of(const connection& to) noexcept { return to.is_secure() ? sealed : plain; }

/// What the kernel takes beyond what is on its way, while all that it holds is beyond the bound.
constexpr std::size_t little = std::size_t(16) * 1024;

/// One write that may have to wait for its reader.
class slow_write {
public:
  /// Before the first byte. `room`: what the kernel may take beyond what is on its way instead of
  /// max_unsent; 0: that.
  slow_write(connection& to, reader_pace& pace, std::size_t room = 0) noexcept
      : to_(to), site_(to.where()), pace_(pace), room_(room) {
    if (site_.unsent.is_over()) [[unlikely]]
      take_little();
    else if (room_ != 0)
      take_as_usual();
  }
  ~slow_write() {
    site_.unsent.change(held_, 0);
    if (takes_little_ || room_ != 0) {
      room_ = 0;
      take_as_usual();
    }
  }
  /// For the rest, the kernel takes no more of this than of other answers.
  void give_up_room() noexcept {
    if (std::exchange(room_, 0) != 0 && !takes_little_)
      take_as_usual();
  }
  slow_write(const slow_write&) = delete;
  slow_write& operator=(const slow_write&) = delete;

  void wait_for_room() {
    rc::scheduler& sched = *runtime::detail::current().sched;
    std::uint64_t before = sched.now_ms();
    count();
    if (!takes_little_ && site_.unsent.is_over())
      take_little();
    else if (takes_little_ && site_.unsent.is_well_below())
      take_as_usual();
    for (;;) {
      const std::chrono::nanoseconds most = pace_.may_wait();
      const bool has_room = to_.wait_for(to_.events_to_write(), rc::wait_kind::writable,
                                         sched.due_in(static_cast<std::uint64_t>(most.count())));
      const std::uint64_t now = sched.now_ms();
      const std::uint64_t held_before = held_;
      if (!has_room || now != before)
        count();
      const std::uint64_t taken = held_before - std::min(held_, held_before);
      const std::chrono::milliseconds waited(now - std::exchange(before, now));
      // there is no room without something taken, whatever the figures say
      if (!pace_.took(has_room ? std::max<std::uint64_t>(taken, 1) : taken, waited))
        throw rc::process_exit{supervisors::slow_reader()};
      if (has_room)
        return;
    }
  }

private:
  void count() noexcept {
    const std::uint64_t now = net::unsent_bytes(to_.fd);
    site_.unsent.change(held_, now);
    held_ = now;
  }
  int usual() const noexcept {
    const std::size_t unsent = room_ != 0 ? room_ : to_.answers_with().options.max_unsent;
    return static_cast<int>(std::min<std::size_t>(unsent, INT_MAX));
  }
  void take_little() noexcept {
    const std::size_t unsent = to_.answers_with().options.max_unsent;
    if (unsent != 0 && unsent <= little)
      return;
    takes_little_ = true;
    net::set_option(to_.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, static_cast<int>(little));
  }
  void take_as_usual() noexcept {
    takes_little_ = false;
    net::set_option(to_.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, usual());
  }

  connection& to_;
  site& site_;
  reader_pace& pace_;
  std::size_t room_;
  std::uint64_t held_ = 0; ///< by the kernel, as counted last
  bool takes_little_ = false;
};

/// After each piece, also the last: who writes to a peer that is always ready for more would never give way.
void spend_on(const connection& to, std::int64_t bytes) {
  rc::spend_on(runtime::detail::current(), bytes, measure_of(to).per_reduction);
}

} // namespace

void client_gone() { throw rc::process_exit{runtime::exit_reason::client_gone()}; }

void send_two(connection& to, std::string_view first, std::string_view second,
              const effective_limits& limits) {
  if (second.size() > little && to.where().unsent.is_over()) [[unlikely]] {
    reader_pace pace(limits.reader());
    send_all(to, std::array<std::string_view, 2>{first, second}, pace);
    return;
  }
  const std::array<iovec, 2> pieces{iovec{const_cast<char*>(first.data()), first.size()},
                                    iovec{const_cast<char*>(second.data()), second.size()}};
  const std::int64_t n = to.send(pieces.data(), second.empty() ? 1 : 2);
  if (n == static_cast<std::int64_t>(first.size() + second.size())) [[likely]] {
    to.in_use().body_sent += n;
    return;
  }
  if (n < 0 && n != -EAGAIN)
    client_gone();
  const std::size_t sent = n > 0 ? static_cast<std::size_t>(n) : 0;
  to.in_use().body_sent += static_cast<std::int64_t>(sent);
  const std::size_t of_first = std::min(sent, first.size());
  reader_pace pace(limits.reader());
  send_all(to, std::array<std::string_view, 2>{first.substr(of_first), second.substr(sent - of_first)}, pace);
}

void send_all(connection& to, std::span<const std::string_view> parts, reader_pace& pace) {
  slow_write write(to, pace);
  for (net::pieces left(parts); !left.empty();) {
    std::array<iovec, parts_at_once> next;
    const std::int64_t n = to.send(next.data(), left.fill(next).count);
    if (n == -EAGAIN) {
      write.wait_for_room();
      continue;
    }
    if (n < 0)
      client_gone();
    to.in_use().body_sent += n;
    left.skip(static_cast<std::size_t>(n));
    spend_on(to, n);
  }
}

namespace {

/// What the kernel may take of a large file beyond what is on its way: more than of other answers, as what it
/// has, the peer's acknowledgements send on, without the writer. 10 MB over loopback cost it less than half,
/// over TLS a quarter less. Plain bytes stay in the page cache; sealed ones are copies, so less of them, and
/// none when the writer has ended and nobody looks at the reader any more. max_in_flight bounds both while it
/// waits. Worth two system calls for a large file only.
std::size_t room_for_file(const connection& to, std::uint64_t count) noexcept {
  constexpr std::uint64_t large = 1024 * 1024;
  const std::size_t room = measure_of(to).room;
  const std::size_t usual = to.answers_with().options.max_unsent;
  return count >= large && usual != 0 && usual < room ? room : 0;
}

} // namespace

void send_file(connection& to, std::string_view head, int file, std::uint64_t offset, std::uint64_t count,
               reader_pace& pace, net::head_goes when) {
  slow_write write(to, pace, room_for_file(to, count));
  auto at = static_cast<::off_t>(offset);
  const std::uint64_t most = measure_of(to).at_once;
  while (count != 0) {
    if (to.is_secure() && count <= most)
      write.give_up_room();
    const std::int64_t n = to.sendfile(head, file, at, static_cast<std::size_t>(std::min(count, most)), when);
    if (n == -EAGAIN) {
      write.wait_for_room();
      continue;
    }
    if (n == -EPIPE || n == -ECONNRESET || n == -ETIMEDOUT)
      client_gone();
    if (n <= 0)
      throw std::runtime_error(n == 0 ? "perron: a file is shorter than what was to be sent of it"
                                      : "perron: a file cannot be sent, error " + std::to_string(-n));
    to.in_use().body_sent += n;
    const std::size_t of_head = std::min(static_cast<std::size_t>(n), head.size());
    head.remove_prefix(of_head);
    count -= static_cast<std::uint64_t>(n) - of_head;
    spend_on(to, n);
  }
}

} // namespace perron::httpd::core
