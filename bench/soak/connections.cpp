// SPDX-License-Identifier: BSD-3-Clause
//
// How links are opened, end and are opened again. What they say is in link_traffic.cpp.
#include <perron/bench/soak/connections.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <utility>

namespace perron::soak {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::size_t buffer_bytes = 64 * 1024;
/// After which a kernel sends a segment again that got no answer at all (TCP_RTO_MIN). A SYN that was
/// answered by somebody's remains is sent again after two ticks.
constexpr std::int64_t least_timeout_ns = 200'000'000;
constexpr std::uint64_t watched_mark = ~std::uint64_t{0};

sockaddr_in address_of(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return address;
}

/// Of its own end; all zeros: not known.
sockaddr_in own_address(int fd) {
  sockaddr_in own{};
  socklen_t size = sizeof own;
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) == 0 ? own : sockaddr_in{};
}

std::string dotted(std::uint32_t host) {
  return std::to_string(host >> 24U) + '.' + std::to_string(host >> 16U & 255U) + '.' +
         std::to_string(host >> 8U & 255U) + '.' + std::to_string(host & 255U);
}

error_kind kind_of(int code) {
  switch (code) {
  case ECONNREFUSED:
    return error_kind::refused;
  case ETIMEDOUT:
    return error_kind::connect_timeout;
  case ECONNRESET:
  case EPIPE:
    return error_kind::reset;
  case EADDRNOTAVAIL:
  case EADDRINUSE:
    return error_kind::no_ports;
  case EMFILE:
  case ENFILE:
    return error_kind::no_descriptors;
  default:
    return error_kind::other;
  }
}

/// 0.1 s, then twice as long each time up to 6.4 s, and a little apart from the others'.
std::int64_t pause_ns(const link& l, std::uint32_t index) {
  return 100'000'000 * (std::int64_t{1} << std::min<unsigned>(l.tries, 6)) +
         std::int64_t{index * 7919U % 97U} * 1'000'000;
}

/// From 0 to 10 s.
std::int64_t spread_ns(std::uint32_t number) { return std::int64_t{number * 2654435761U >> 12U} * 10'000; }

/// As the other end has announced it, less the kernel's own options; what the kernel begins with before that.
int segment_size_of(int fd) {
  int size = 0;
  socklen_t bytes = sizeof size;
  return ::getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &size, &bytes) == 0 ? size : 0;
}

bool opening(const link& l) { return l.state == link_state::connecting || l.state == link_state::greeting; }

} // namespace

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

connections::connections(settings how, const control_block& control, shared_block& block)
    : how_(std::move(how)), control_(control), block_(block),
      host_name_(dotted(how_.host) + ':' + std::to_string(how_.port)),
      greeting_(how_.greeting.empty()
                    ? std::string()
                    : "GET " + how_.greeting + " HTTP/1.1\r\nHost: " + host_name_ + "\r\n\r\n"),
      poller_(::epoll_create1(EPOLL_CLOEXEC)), now_(now_ns()), buffer_(buffer_bytes) {}

connections::~connections() {
  for (const link& l : links_)
    if (l.fd >= 0)
      ::close(l.fd);
  ::close(poller_);
}

void connections::add(std::uint8_t share, std::uint32_t count, activity& what, bool passes) {
  activities_.at(share) = &what;
  links_.resize(links_.size() + count);
  for (auto l = links_.end() - count; l != links_.end(); ++l)
    l->share = share, l->passes = passes;
}

void connections::watch(int fd) {
  watched_ = fd;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = watched_mark;
  ::epoll_ctl(poller_, EPOLL_CTL_ADD, fd, &event);
}

void connections::wait(std::int64_t until_ns) {
  std::array<epoll_event, 256> events;
  timespec left{};
  if (until_ns != never_ns) {
    const std::int64_t ns = std::max<std::int64_t>(until_ns - now_ns(), 0);
    left.tv_sec = ns / second_ns;
    left.tv_nsec = ns % second_ns;
  }
  const int ready = ::epoll_pwait2(poller_, events.data(), static_cast<int>(events.size()),
                                   until_ns == never_ns ? nullptr : &left, nullptr);
  now_ = now_ns();
  for (int i = 0; i < ready; ++i)
    on_event(events[static_cast<std::size_t>(i)]);
}

void connections::on_event(const epoll_event& e) {
  if (e.data.u64 == watched_mark) {
    std::uint64_t times = 0;
    [[maybe_unused]] const auto size = ::read(watched_, &times, sizeof times);
    return;
  }
  link& l = links_[static_cast<std::uint32_t>(e.data.u64)];
  if (l.fd < 0 || l.generation != static_cast<std::uint32_t>(e.data.u64 >> 32U))
    return;
  if (l.state == link_state::connecting) {
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(l.fd, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0)
      return lost(l, kind_of(code), std::strerror(code));
    if ((e.events & EPOLLOUT) == 0)
      return;
    connected(l);
  }
  const std::uint32_t generation = l.generation;
  if ((e.events & EPOLLOUT) != 0 && !unsent_.empty())
    flush(l);
  if (l.generation != generation || l.fd < 0)
    return;
  if (l.muted && (e.events & (EPOLLERR | EPOLLHUP)) != 0)
    return lost(l, error_kind::reset, "the connection has broken");
  const bool ends = (e.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
  if (!l.muted && (ends || (e.events & EPOLLIN) != 0))
    on_readable(l, ends);
}

void connections::open(link& l) {
  if (!opens_)
    return;
  const std::uint32_t index = index_of(l);
  l.generation = (l.generation + 1) & 0x7fffffffU;
  l.due_ns = l.since_ns = now_;
  l.node = 0;
  l.answer = {};
  l.step = 0;
  activity_of(l).prepare(l);
  l.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (l.fd < 0) {
    return fail(l, kind_of(errno), std::strerror(errno));
  }
  const int on = 1;
  ::setsockopt(l.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (l.narrow) {
    const int small = 8192; // fills soon, so that the server notices
    ::setsockopt(l.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  }
  const std::uint32_t source =
      l.passes ? how_.sources.of_passing(how_.process, passed_++) : how_.sources.of_held(how_.first + index);
  int failed = 0;
  if (source != 0) {
    ::setsockopt(l.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const sockaddr_in from = address_of(source, 0);
    if (::bind(l.fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)
      failed = errno;
  }
  const sockaddr_in to = address_of(how_.host, how_.port);
  if (failed == 0 && ::connect(l.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
      errno != EINPROGRESS)
    failed = errno;
  l.state = link_state::connecting;
  ++opening_;
  block_.opening.set(opening_);
  if (failed != 0)
    return lost(l, kind_of(failed), std::strerror(failed));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = std::uint64_t{l.generation} << 32U | index;
  ::epoll_ctl(poller_, EPOLL_CTL_ADD, l.fd, &event);
  begun_.push_back({now_ + how_.patience_ns, index, l.generation});
}

void connections::connected(link& l) {
  if (greeting_.empty() || l.passes)
    return is_open(l);
  l.state = link_state::greeting;
  block_.requests.add();
  send(l, greeting_);
}

void connections::is_open(link& l) {
  --opening_;
  block_.opening.set(opening_);
  block_.open.add();
  block_.opened.add();
  if (l.generation > 1 && !l.passes)
    block_.reconnected.add();
  block_.connect.record(static_cast<std::uint64_t>(now_ - l.due_ns));
  if (l.node != 0)
    marks_.learn(l.node, segment_size_of(l.fd));
  l.state = link_state::open;
  l.tries = 0;
  l.step = 0;
  l.since_ns = now_;
  l.due_ns = l.passes ? l.due_ns : now_;
  activity_of(l).opened(l);
}

void connections::release(link& l) {
  if (opening(l)) {
    --opening_;
    block_.opening.set(opening_);
  } else if (l.state == link_state::open) {
    block_.open.take();
    block_.closed.add();
  }
  if (l.fd >= 0)
    ::close(std::exchange(l.fd, -1));
  unread_.erase(index_of(l));
  unsent_.erase(index_of(l));
  if (l.listens)
    block_.listening.take();
  l.asked = l.listens = false;
  l.state = link_state::closed;
}

void connections::close(link& l) {
  const bool was_open = l.state == link_state::open;
  release(l);
  if (was_open || l.passes)
    activity_of(l).gone(l);
}

void connections::vanish(link& l, bool silently) {
  // A socket under repair is taken away without a word to the other end; only root may do that.
  const int on = 1;
  if (!silently || ::setsockopt(l.fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0) {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(l.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  } else {
    block_.silent.add();
  }
  block_.vanished.add();
  close(l);
  later(l, 0);
}

void connections::say_goodbye(link& l) {
  block_.said_goodbye.add();
  close(l);
  later(l, 0);
}

void connections::reopen(link& l) {
  close(l);
  later(l, 0);
}

void connections::fail(link& l, error_kind kind, std::string_view why) {
  count_error(kind, why);
  close(l);
  later(l, pause_ns(l, index_of(l)));
}

void connections::lost(link& l, error_kind kind, std::string_view why) {
  const std::uint32_t node = node_of(l);
  const bool killed = was_killed(node);
  if (killed) {
    block_.lost_by_kill.add();
    if (opening(l))
      block_.lost_unanswered.add();
  } else if (kind == error_kind::reset && server_end_of(l) == end_state::open) {
    block_.cut_by_kernel.add();
  } else if (kind == error_kind::reset && l.state == link_state::greeting &&
             now_ - l.since_ns < least_timeout_ns && began_twice(l.fd)) {
    block_.cut_behind_remains.add();
  } else if (l.state != link_state::open || !activity_of(l).expected_end(l)) {
    count_error(kind, told(l, why));
  }
  // Many are lost at once by a kill. They come back one by one, as clients of different people do.
  const std::int64_t pause = pause_ns(l, index_of(l)) + (killed ? spread_ns(index_of(l) + l.generation) : 0);
  close(l);
  later(l, pause);
}

/// The process of the server that has the link, or would have had it; 0: not known. Asks the kernel about a
/// link that was not answered yet.
std::uint32_t connections::node_of(const link& l) const {
  return l.node != 0 || l.fd < 0 ? l.node : marks_.owner_of(segment_size_of(l.fd));
}

/// When something was lost says nothing about why: only whose it was does.
bool connections::was_killed(std::uint32_t node) const {
  if (node == 0)
    return false;
  const std::uint32_t kills = control_.kills.load(std::memory_order_acquire);
  const std::uint32_t kept = std::min<std::uint32_t>(kills, control_block::most_kills);
  return std::any_of(control_.killed.begin(), control_.killed.begin() + kept,
                     [node](const auto& each) { return each.pid.load(std::memory_order_relaxed) == node; });
}

end_state connections::server_end_of(const link& l) const {
  const sockaddr_in own = own_address(l.fd);
  return own.sin_port != 0 ? server_end(address_of(how_.host, how_.port), own) : end_state::unknown;
}

/// Why, and what may help to find out more.
std::string connections::told(const link& l, std::string_view why) const {
  constexpr std::array<std::string_view, 5> states = {"closed", "connecting", "not answered yet", "open",
                                                      "broken"};
  const std::uint32_t node = node_of(l);
  return std::string(why) + " (" + std::string(states.at(static_cast<std::size_t>(l.state))) + ' ' +
         std::to_string((now_ - l.since_ns) / 1'000'000) + " ms, " + (l.asked ? "asked, " : "") + "process " +
         (node == 0 ? "unknown" : std::to_string(node)) + ", the server's end " +
         std::string(name_of(server_end_of(l))) + (began_twice(l.fd) ? ", SYN sent twice)" : ")");
}

void connections::later(link& l, std::int64_t pause) {
  // Those who come and go are their activity's to open.
  if (!opens_ || l.passes)
    return;
  l.state = link_state::broken;
  l.tries = static_cast<std::uint8_t>(std::min(l.tries + 1, 100));
  broken_.push_back({now_ + pause, index_of(l), l.generation});
  std::push_heap(broken_.begin(), broken_.end(), [](auto& a, auto& b) { return a.at_ns > b.at_ns; });
}

void connections::count_error(error_kind kind, std::string_view why) {
  const auto at = static_cast<std::size_t>(kind);
  block_.errors[at].add();
  shared_block::first_text& first = block_.texts[at];
  if (first.set.load(std::memory_order_relaxed))
    return;
  const std::size_t size = std::min(why.size(), first.text.size() - 1);
  std::copy_n(why.data(), size, first.text.data());
  first.set.store(true, std::memory_order_release);
}

void connections::stop_opening() {
  opens_ = false;
  next_ = links_.size();
  block_.wanted.set(0);
  for (const waiting_link& each : std::exchange(broken_, {}))
    if (links_[each.index].state == link_state::broken)
      links_[each.index].state = link_state::closed;
  for (link& l : links_)
    if (opening(l))
      release(l);
}

std::int64_t connections::work() {
  now_ = now_ns();
  std::int64_t next = never_ns;
  if (opens_) {
    open_due();
    reopen_due();
    // What waits for others to be opened is woken by those.
    if (next_ < links_.size() && opening_ < how_.opening)
      next = std::min(next, ramp_.began_ns == never_ns ? never_ns : ramp_.when(next_));
    if (!broken_.empty() && opening_ < how_.opening)
      next = std::min(next, broken_.front().at_ns);
  }
  give_up_late();
  if (!begun_.empty())
    next = std::min(next, begun_.front().at_ns);
  return std::min(next, look_at_ns_);
}

void connections::open_due() {
  for (const std::uint64_t due = ramp_.due(now_); next_ < due && next_ < links_.size(); ++next_) {
    if (links_[next_].passes)
      continue;
    if (opening_ >= how_.opening)
      return;
    block_.wanted.add();
    open(links_[next_]);
  }
}

void connections::reopen_due() {
  while (!broken_.empty() && broken_.front().at_ns <= now_ && opening_ < how_.opening) {
    std::pop_heap(broken_.begin(), broken_.end(), [](auto& a, auto& b) { return a.at_ns > b.at_ns; });
    const waiting_link each = broken_.back();
    broken_.pop_back();
    link& l = links_[each.index];
    if (l.state == link_state::broken && l.generation == each.generation)
      open(l);
  }
}

void connections::give_up_late() {
  while (!begun_.empty()) {
    const waiting_link each = begun_.front();
    link& l = links_[each.index];
    const bool waits = l.generation == each.generation && opening(l);
    if (waits && each.at_ns > now_)
      break;
    begun_.pop_front();
    if (waits)
      lost(l, l.state == link_state::connecting ? error_kind::connect_timeout : error_kind::answer_timeout,
           "no answer within the patience");
  }
  if (!watches_answers_) {
    look_at_ns_ = never_ns;
    return;
  }
  if (look_at_ns_ != never_ns && look_at_ns_ > now_)
    return;
  if (look_at_ns_ != never_ns)
    for (link& l : links_)
      if (l.state == link_state::open && l.asked && !l.muted && !l.listens &&
          now_ - l.since_ns > how_.patience_ns)
        lost(l, error_kind::answer_timeout, "no answer within the patience");
  look_at_ns_ = now_ + second_ns;
}

} // namespace perron::soak
