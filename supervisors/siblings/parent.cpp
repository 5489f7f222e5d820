// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/parent.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/random.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/siblings/membership.hpp>
#include <perron/supervisors/siblings/write_line.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

namespace perron::siblings::core {

using runtime::core::steady_now;
using supervisors::core::log_error;
using supervisors::core::log_info;

namespace {

/// Nobody is read while a node has more than this to take, so that who publishes waits, and not memory grows.
constexpr std::size_t too_much_waiting = std::size_t(4) << 20;
/// What a node may take beyond its own stop_within, which it minds itself, before it is killed.
constexpr std::chrono::seconds stop_margin{3};

constexpr std::array minded{SIGTERM, SIGINT, SIGHUP, SIGCHLD};

std::string name_of(unsigned node) { return "node " + std::to_string(node); }

} // namespace

parent::parent(std::string program, unsigned count, parent_options how, std::chrono::milliseconds stop_within)
    : program_(std::move(program)), how_(how), stop_within_(stop_within), signals_(minded),
      relay_(count, [this](const std::vector<unsigned>& to, const frame& what) { give(to, what); }),
      restarts_(how, count), slots_(count) {}

parent::~parent() = default;

parent::outcome parent::run() {
  slots_.front().start_at = steady_now();
  for (;;) {
    if (const std::optional<outcome> in_node = start_due(steady_now()))
      return *in_node;
    if (is_over())
      return {.exit_code = exit_code_};
    wait_for_events(steady_now());
    if (heed_signals())
      reap();
    obey();
    kill_overdue();
  }
}

// -- starting

std::optional<parent::outcome> parent::start_due(time now) {
  for (unsigned node = 0; node < slots_.size(); ++node)
    if (slots_[node].start_at && *slots_[node].start_at <= now)
      if (std::optional<outcome> in_node = start(node, now))
        return in_node;
  return std::nullopt;
}

std::optional<parent::outcome> parent::start(unsigned node, time now) {
  slot& s = slots_[node];
  s.start_at.reset();
  int ends[2] = {-1, -1};
  std::fflush(nullptr); // else both would write what is in the buffers
  const pid_t made =
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? ::fork() : static_cast<pid_t>(-1);
  if (made < 0) {
    const int code = errno;
    for (const int end : ends)
      if (end >= 0)
        ::close(end);
    const auto again = restarts_.ended(node, {node_end::kind::killed, 0}, now, runtime::core::random_unit());
    log_error(program_ + ": " + name_of(node) + " cannot be started: " + std::strerror(code));
    s.start_at = now + again.wait;
    return std::nullopt;
  }
  const std::uint64_t incarnation = ++started_;
  if (made == 0) {
    ::close(ends[0]);
    for (slot& each : slots_)
      each.pipe.reset();
    mine() = {.self = node, .count = static_cast<unsigned>(slots_.size()), .incarnation = incarnation};
    // from a terminal it comes to all, and the parent says what is to be done
    ::signal(SIGINT, SIG_IGN);
    signals_.restore();
    return outcome{.in_node = true, .socket = ends[1]};
  }
  ::close(ends[1]);
  s.pid = made;
  s.pipe = std::make_unique<node_pipe>(ends[0], how_.unresponsive_after);
  restarts_.started(node, now);
  relay_.connected(node);
  if (relay_.has_been_complete())
    log_info(program_ + ": " + name_of(node) + " started again, process " + std::to_string(made));
  return std::nullopt;
}

// -- waiting

void parent::wait_for_events(time now) {
  const bool was_paused = std::exchange(paused_, is_congested());
  if (was_paused || paused_)
    for (slot& s : slots_)
      if (s.pipe != nullptr)
        s.pipe->alive().excuse(now);
  std::vector<pollfd> fds{{signals_.fd(), POLLIN, 0}};
  std::vector<unsigned> whose{0};
  for (unsigned node = 0; node < slots_.size(); ++node)
    if (const node_pipe* pipe = slots_[node].pipe.get(); pipe != nullptr) {
      const int wanted = (paused_ ? 0 : POLLIN) | (pipe->waiting() != 0 ? POLLOUT : 0);
      fds.push_back({pipe->fd(), static_cast<short>(wanted), 0});
      whose.push_back(node);
    }
  ::poll(fds.data(), fds.size(), poll_time(now));
  for (std::size_t i = 1; i < fds.size(); ++i) {
    const slot& s = slots_[whose[i]];
    if (fds[i].revents == 0 || s.pipe == nullptr)
      continue;
    if ((fds[i].revents & POLLOUT) != 0)
      s.pipe->flush(steady_now());
    if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && read(whose[i]) == node_pipe::came::end)
      part(whose[i]);
  }
}

int parent::poll_time(time now) const {
  std::optional<time> first = killing_at_;
  const auto consider = [&](const std::optional<time>& when) {
    if (when && (!first || *when < *first))
      first = when;
  };
  for (const slot& s : slots_) {
    consider(s.start_at);
    consider(s.kill_at);
    if (s.pipe != nullptr)
      consider(s.pipe->alive().next());
  }
  if (!first)
    return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

bool parent::is_congested() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const slot& s) { return s.pipe != nullptr && s.pipe->waiting() > too_much_waiting; });
}

// -- frames

void parent::give(const std::vector<unsigned>& to, const frame& what) {
  auto wire = std::make_shared<std::string>();
  encode(what, *wire);
  const time now = steady_now();
  for (const unsigned node : to)
    if (slots_[node].pipe != nullptr)
      slots_[node].pipe->send(wire, now);
}

node_pipe::came parent::read(unsigned node) {
  return slots_[node].pipe->read([&](frame what) { return relay_.take(node, std::move(what)); },
                                 steady_now());
}

/// Its process may live on; the socket's end tells it to stop.
void parent::part(unsigned node) {
  slot& s = slots_[node];
  s.pipe.reset();
  relay_.gone(node);
  if (!s.kill_at)
    s.kill_at = steady_now() + stop_within_ + stop_margin;
}

/// What nodes have asked the parent itself for.
void parent::obey() {
  const relay::orders now = relay_.take_orders();
  if (!now.announcement.empty())
    write_line(now.announcement);
  if (now.all_up)
    log_info(program_ + ": all " + std::to_string(slots_.size()) + " nodes are up");
  if (now.stop_all)
    stop(0, "a node wants it");
  if (relay_.is_up(0))
    start_others();
}

/// Once, when the first node has shown that it can start.
void parent::start_others() {
  if (std::exchange(others_started_, true) || stopping_)
    return;
  for (unsigned node = 1; node < slots_.size(); ++node)
    slots_[node].start_at = steady_now();
}

// -- ends

/// True: a node may have ended.
bool parent::heed_signals() {
  bool ended = false;
  while (const int number = signals_.next()) {
    if (number == SIGCHLD) {
      ended = true;
    } else if (number == SIGHUP) {
      for (unsigned node = 0; node < slots_.size(); ++node)
        if (slots_[node].pid != 0 && relay_.is_up(node))
          ::kill(slots_[node].pid, SIGHUP);
    } else if (stopping_) {
      end_at_once(number);
    } else {
      stop(0, "it was told to");
    }
  }
  return ended;
}

void parent::end_at_once(int number) {
  constexpr std::string_view text = "perron: told to stop again: ends at once\n";
  static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
  for (const slot& s : slots_)
    if (s.pid != 0)
      ::kill(s.pid, SIGKILL);
  // so that nothing is left when this ends; but one that the kernel does not let go is not waited for
  for (int rounds = 0; rounds < 200; ++rounds) {
    bool left = false;
    for (slot& s : slots_)
      if (s.pid != 0 && ::waitpid(s.pid, nullptr, WNOHANG) == s.pid)
        s.pid = 0;
      else
        left = left || s.pid != 0;
    if (!left)
      break;
    ::poll(nullptr, 0, 5);
  }
  ::_exit(128 + number);
}

void parent::reap() {
  for (unsigned node = 0; node < slots_.size(); ++node) {
    slot& s = slots_[node];
    int status = 0;
    if (s.pid == 0 || ::waitpid(s.pid, &status, WNOHANG) != s.pid)
      continue;
    if (s.pipe != nullptr) {
      while (read(node) == node_pipe::came::some) { // what it has said last
      }
      part(node);
    }
    ended(node, status);
    s.pid = 0;
    s.kill_at.reset();
  }
}

void parent::ended(unsigned node, int wait_status) {
  const node_end how = node_end::of(wait_status);
  slot& s = slots_[node];
  const std::string what = program_ + ": " + name_of(node) + " (process " + std::to_string(s.pid) + ") ";
  obey();
  if (stopping_) {
    // one that somebody killed may have been told to stop by him as well, as service managers tell all
    const bool failed = how.how == node_end::kind::failed || how.how == node_end::kind::crashed;
    if (failed && exit_code_ == 0)
      exit_code_ = 1;
    if (failed || how.number == SIGKILL)
      log_error(what + how.to_string() + " while it stopped");
    return;
  }
  const time now = steady_now();
  const restarts::verdict next = restarts_.ended(node, how, now, runtime::core::random_unit());
  if (how.how == node_end::kind::finished) {
    log_info(what + "has finished");
    start_others();
  } else if (how.how == node_end::kind::killed && how.number == SIGHUP) {
    stop(128 + SIGHUP, "SIGHUP ends it");
  } else if (how.how == node_end::kind::failed && !relay_.has_been_complete()) {
    stop(how.number == 2 ? 2 : 1, name_of(node) + ' ' + how.to_string() + " before all were up");
  } else if (next.give_up) {
    stop(1, name_of(node) + " failed " + std::to_string(how_.most_failures) +
                " times in a row, each soon after its start; it " + how.to_string());
  } else {
    log_error(what + how.to_string() + "; it is started again in " + std::to_string(next.wait.count()) +
              " ms");
    s.start_at = now + next.wait;
  }
}

void parent::kill_overdue() {
  const time now = steady_now();
  for (unsigned node = 0; node < slots_.size(); ++node) {
    slot& s = slots_[node];
    if (s.pid == 0)
      continue;
    if (s.kill_at && *s.kill_at <= now) {
      kill(node, "has parted from the others and does not end");
      s.kill_at.reset();
    }
    if (s.pipe == nullptr)
      continue;
    if (const std::optional<time> next = s.pipe->alive().next(); next && *next <= now)
      s.pipe->flush(now); // a ping may be due
    if (paused_)
      s.pipe->alive().excuse(now);
    // its pong may be behind what has come meanwhile
    for (int reads = 0; reads < 64 && s.pipe->alive().is_overdue(now); ++reads)
      if (read(node) != node_pipe::came::some)
        break;
    if (s.pipe->alive().is_overdue(now)) {
      kill(node, "has read nothing for " + std::to_string(how_.unresponsive_after.count()) + " ms");
      part(node);
    }
  }
  if (killing_at_ && *killing_at_ <= now) {
    killing_at_.reset();
    exit_code_ = exit_code_ != 0 ? exit_code_ : 1;
    for (unsigned node = 0; node < slots_.size(); ++node)
      if (slots_[node].pid != 0)
        kill(node, "did not stop in time");
  }
}

void parent::kill(unsigned node, const std::string& why) {
  log_error(program_ + ": " + name_of(node) + " (process " + std::to_string(slots_[node].pid) + ") " + why +
            "; it is killed");
  ::kill(slots_[node].pid, SIGKILL);
}

void parent::stop(int exit_code, const std::string& why) {
  if (stopping_)
    return;
  if (exit_code != 0) {
    log_error(program_ + ": stops: " + why);
    exit_code_ = exit_code;
  } else {
    log_info(program_ + ": stops: " + why);
  }
  stopping_ = true;
  killing_at_ = steady_now() + stop_within_ + stop_margin;
  std::vector<unsigned> all;
  for (unsigned node = 0; node < slots_.size(); ++node) {
    slots_[node].start_at.reset();
    if (slots_[node].pipe != nullptr)
      all.push_back(node);
  }
  if (!all.empty())
    give(all, {.kind = frame_kind::stop});
}

bool parent::is_over() const {
  return std::all_of(slots_.begin(), slots_.end(), [](const slot& s) { return s.pid == 0 && !s.start_at; });
}

} // namespace perron::siblings::core
