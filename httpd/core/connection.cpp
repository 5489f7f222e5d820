// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/connection.hpp>

#include <perron/httpd/core/acceptor.hpp>
#include <perron/httpd/core/exchange.hpp>
#include <perron/httpd/core/generation.hpp>
#include <perron/httpd/core/recording.hpp>
#include <perron/httpd/core/socket_events.hpp>
#include <perron/httpd/duplex.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/net/socket.hpp>
#include <perron/runtime/net/system_calls.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/tls/session.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

namespace perron::httpd::core {
namespace {

namespace net = runtime::net::detail;

/// How long a request may take to end that was told to.
constexpr std::chrono::milliseconds overdue_time{1'000};

} // namespace

const server_options& connection::options_now() const noexcept {
  return site_->shards[home->index].now->options;
}

connection::connection(std::shared_ptr<site> s, int socket, rc::worker& at)
    : poll_handler(&connection::on_ready, &connection::on_dispose), site_(std::move(s)) {
  home = &at;
  fd = socket;
  if (options_now().tls != nullptr)
    phase_ = phase::fresh;
}

connection::~connection() = default;

bool connection::open() noexcept {
  rc::worker& at = *home;
  site_shard& shard = site_->shards[at.index];
  next_of_worker = shard.first;
  if (shard.first != nullptr)
    shard.first->previous_of_worker = this;
  shard.first = this;
  site_->connection_came(at.polled_ms);
  at.sched.sockets_open.fetch_add(1, std::memory_order_relaxed);
  // a fresh connection that sends nothing gets the time of a head
  const server_options& options = options_now();
  set_deadline(at, at.now_ms() + ms(phase_ == phase::idle ? options.head_time : options.handshake_time));
  const bool is_fresh = phase_ == phase::fresh;
  if (!is_fresh && shard.early_reads.now()) {
    // where clients are near their request is there by now, and the event is saved
    at.poll.add_late(*this);
    read_more(at);
    shard.early_reads.was(phase_ != phase::idle || partial_ != nullptr);
  } else if (!at.poll.watch(*this, is_fresh)) { // a handshake is to hear of room to write as well
    close();
  }
  return phase_ != phase::closed;
}

void connection::close() noexcept {
  if (phase_ == phase::closed)
    return;
  rc::worker& at = *home;
  if (phase_ == phase::waiting)
    leave_queue(at);
  phase_ = phase::closed;
  if (tls_ != nullptr) {
    say_goodbye();
    tls_.reset();
  }
  at.disarm(timer_);
  site_shard& shard = site_->shards[at.index];
  if (next_of_worker != nullptr)
    next_of_worker->previous_of_worker = previous_of_worker;
  (previous_of_worker != nullptr ? previous_of_worker->next_of_worker : shard.first) = next_of_worker;
  acceptor::room_again(shard.accepting, at);
  at.poll.retire(*this);
  visitor_.reset(); // its address has room again
  // not when it is freed: that is just before the poller sleeps, too late to make anybody ready here
  site_->connection_gone(in_use_.counted);
}

void connection::on_dispose(rc::poll_handler& self) noexcept {
  auto& c = static_cast<connection&>(self);
  c.home->sched.sockets_open.fetch_sub(1, std::memory_order_relaxed);
  delete &c;
}

// -- idle: the home worker acts

void connection::on_ready(rc::poll_handler& self, std::uint32_t events, rc::worker& at) {
  auto& c = static_cast<connection&>(self);
  if (c.phase_ == phase::idle) {
    c.ready_bits_.store(c.ready_bits_.load(std::memory_order_relaxed) | events, std::memory_order_relaxed);
    if ((events & (EPOLLIN | peer_left)) != 0 || events == 0 || c.waits_to_write())
      c.read_more(at);
    return;
  }
  if (c.phase_ == phase::lingering) {
    c.go_on_ending(at);
    return;
  }
  if (c.phase_ == phase::fresh || c.phase_ == phase::waiting) {
    c.meet(events, at);
    return;
  }
  // seq_cst: see the table; the process looks at these in the other order
  c.ready_bits_.fetch_or(events, std::memory_order_seq_cst);
  if (c.phase_ != phase::in_use || events == 0)
    return;
  if (const std::uint32_t number = c.waiting_for_.load(std::memory_order_seq_cst); number != 0)
    rc::push_signal(c.listed_.who, rc::plain_signal(rc::envelope_kind::wake, runtime::pid(), number));
  if ((events & (EPOLLIN | peer_left)) != 0 && c.mail_wanted_.load(std::memory_order_seq_cst))
    c.send_mail();
  if ((events & peer_left) != 0)
    c.tell_peer_left(events);
}

void connection::tell_peer_left(std::uint32_t events) noexcept {
  const std::uint64_t kind = (events & hang_up) != 0 ? gone : half_closed;
  rc::push_signal(listed_.who, rc::exit_envelope(rc::envelope_kind::interrupt, runtime::pid(),
                                                 runtime::exit_reason::client_gone(), kind));
}

void connection::read_more(rc::worker& at) noexcept {
  while (phase_ == phase::idle) {
    ready_bits_.store(ready_bits_.load(std::memory_order_relaxed) & ~std::uint32_t(EPOLLIN),
                      std::memory_order_relaxed);
    const std::int64_t n = receive(at.scratch.get(), rc::worker::scratch_bytes);
    if (n > 0) {
      const auto size = static_cast<std::size_t>(n);
      // less than asked for: the socket is drained, and what comes later makes a new event
      if (size == rc::worker::scratch_bytes)
        ready_bits_.store(ready_bits_.load(std::memory_order_relaxed) | EPOLLIN, std::memory_order_relaxed);
      consume(at, {at.scratch.get(), size});
      if ((ready_bits_.load(std::memory_order_relaxed) & (EPOLLIN | peer_left)) == 0)
        return;
    } else {
      if (n == 0)
        close_behind_all(at);
      else if (n != -EAGAIN)
        close();
      return;
    }
  }
}

void connection::consume(rc::worker& at, std::string_view fresh) noexcept {
  std::string_view all = fresh;
  if (partial_) {
    partial_->append(fresh);
    all = *partial_;
  }
  thread_local std::array<header_field, 128> fields; // nothing below suspends
  http1::request_head head{std::span<header_field>(fields)};
  const http1::head_result found = http1::parse_request_head(all, progress_, head, options_now().head);
  switch (found.outcome) {
  case http1::head_outcome::complete:
    if (visitor_ != nullptr && !may_ask(at, head))
      break;
    if (!start_request(at, all, head, found.consumed))
      refuse(status::service_unavailable, "no memory for the request", all, &head);
    break;
  case http1::head_outcome::need_more:
    if (!partial_) {
      partial_ = std::make_unique<std::string>(fresh);
      set_deadline(at, at.now_ms() + ms(options_now().head_time));
    }
    break;
  case http1::head_outcome::bad:
    site_->shards[at.index].refused.add();
    refuse(found.status, found.describe(), all);
    break;
  }
}

/// Whether its address may ask once more; if not, it has been told so.
bool connection::may_ask(rc::worker& at, const http1::request_head& head) noexcept {
  if (site_->per_address == nullptr || site_->per_address->take_request(visitor_->address(), at.now_ms()))
    return true;
  site_->shards[at.index].limited.add();
  send_error(status::too_many_requests, "too many requests from your address", std::chrono::seconds(1));
  if (options_now().access != nullptr)
    record_refusal(*this, at, {}, &head);
  linger(at);
  return false;
}

/// Of a process that owns this connection.
rc::spawn_plan connection::plan() noexcept {
  rc::spawn_plan plan;
  plan.observer = site_.get();
  plan.observer_data = this;
  plan.parent = site_->supervisor;
  return plan;
}

bool connection::start_request(rc::worker& at, std::string_view all, const http1::request_head& head,
                               std::size_t size) {
  try {
    in_use_.in = inbound::make(head, size, all);
    runtime::monitor_ref unused;
    rc::process& p = rc::begin_spawn(at.sched, plan(), unused);
    p.body.emplace([this] { exchange(*this).run(); });
    progress_ = {};
    partial_.reset();
    phase_ = phase::in_use;
    in_use_.status = 0;
    in_use_.outcome = outcome::none;
    in_use_.how = supervisors::request_end::normal;
    site_->requests.of(at.index).begins(listed_, p.self(), at.polled_ms);
    generation_ = site_->shards[at.index].now;
    generation_->take(at.index);
    if (generation_->begins_rarely)
      begin_rarely(at, p);
    rc::commit_spawn(p);
  } catch (const std::bad_alloc&) {
    if (in_use_.in != nullptr)
      inbound::free(std::exchange(in_use_.in, nullptr));
    return false;
  }
  if (const auto seen = ready_bits_.load(std::memory_order_relaxed); (seen & peer_left) != 0)
    tell_peer_left(seen);
  return true;
}

void connection::send_error(int status, std::string_view why, std::chrono::seconds retry_after,
                            bool bare) noexcept {
  in_use_.status = static_cast<std::uint16_t>(status);
  in_use_.body_sent = 0;
  try {
    std::string all = error_answer(status, why, retry_after, bare);
    const ::iovec part{all.data(), all.size()};
    in_use_.body_sent = body_part(all, send(&part, 1));
  } catch (...) {
    // without memory for a page the closed connection has to say it
  }
}

/// `came`: of the head; `head`: if it is complete.
void connection::refuse(int status, std::string_view why, std::string_view came,
                        const http1::request_head* head) noexcept {
  send_error(status, why);
  if (options_now().access != nullptr)
    record_refusal(*this, *home, came, head);
  linger(*home);
}

/// Leaves a timer alone that goes off before that: it looks again then. So most deadlines cost no arming.
void connection::set_deadline(rc::worker& at, std::uint64_t due_ms) noexcept {
  deadline_ms_ = due_ms;
  if (!rc::timing_wheel::linked(timer_) || timer_.due > due_ms)
    at.arm(timer_, due_ms);
}

void connection::on_timer(rc::wheel_timer& self, rc::worker& at) {
  connection& c = *static_cast<idle_timer&>(self).of;
  const std::uint64_t now = at.now_ms();
  if (c.phase_ == phase::in_use) {
    at.arm(c.timer_, c.hurry(now));
  } else if (c.phase_ == phase::waiting) {
    at.arm(c.timer_, now + ms(c.options_now().handshake_time)); // its time has not begun
  } else if (now < c.deadline_ms_) {
    at.arm(c.timer_, c.deadline_ms_);
    if (c.phase_ == phase::lingering)
      c.go_on_ending(at);
  } else if (c.phase_ == phase::idle) {
    c.out_of_time(at);
  } else {
    c.close();
  }
}

/// Who is late may be this worker: what has come meanwhile counts, and to close on top of unread bytes would
/// make the kernel send a reset.
[[gnu::noinline]] void connection::out_of_time(rc::worker& at) noexcept {
  const std::uint64_t due_ms = deadline_ms_;
  read_more(at);
  if (phase_ != phase::idle || deadline_ms_ != due_ms)
    return;
  if (partial_)
    refuse(status::request_timeout, "the request head did not come in time", *partial_);
  else
    close_behind_all(at);
}

/// What most servers do not ask for.
[[gnu::noinline]] void connection::begin_rarely(rc::worker& at, rc::process& p) noexcept {
  const server_options& options = generation_->options;
  if (options.request_time.count() != 0)
    give_time(at, ms(options.request_time));
  if (options.answers_half_closed)
    p.ignored_interrupts = half_closed;
  if (options.access != nullptr)
    in_use_.in->began_ns = rc::monotonic_ns();
}

/// Out of line, as most servers have no request_time.
[[gnu::noinline]] void connection::give_time(rc::worker& at, std::uint64_t time) noexcept {
  timed_ = true;
  set_deadline(at, at.now_ms() + time);
}

/// When to look at a running request again. One that has had its time is told to end, and then killed.
std::uint64_t connection::hurry(std::uint64_t now_ms) noexcept {
  // armed all the time, so that a request costs no timer; looked at again when it may matter
  if (!timed_)
    return now_ms + ms(options_now().idle_time);
  if (now_ms < deadline_ms_)
    return deadline_ms_;
  if (reminds_) {
    timed_ = false;
    net::deliver_asked_for(listed_.who, rc::make_envelope<reminder>(rc::envelope_kind::mail));
    return now_ms + ms(options_now().idle_time);
  }
  const runtime::exit_reason why =
      std::exchange(overdue_, true) ? runtime::exit_reason::kill() : supervisors::over_deadline();
  rc::push_signal(listed_.who, rc::exit_envelope(rc::envelope_kind::exit, site_->supervisor, why, 0));
  return now_ms + ms(overdue_time);
}

std::string connection::label() const {
  constexpr std::size_t most = 256;
  if (in_use_.handshakes)
    return "TLS handshake";
  if (in_use_.in == nullptr)
    return partial_ ? *partial_ : std::string();
  const http1::request_head& head = in_use_.in->head;
  std::string label(head.method);
  label += ' ';
  label += head.path_and_query;
  if (label.size() > most)
    label.resize(most);
  label.shrink_to_fit();
  return label;
}

// -- returning: an errand to the home worker

/// True: the connection is given back as well.
bool connection::do_as_asked(rc::worker& at) noexcept {
  const std::uint8_t wishes = home_asked_.exchange(0, std::memory_order_acq_rel);
  const bool is_over = (wishes & give_back_too) != 0;
  if (is_over && held_ == nullptr)
    return true;
  // whoever is told of its end wants its head
  if ((wishes & shrink) != 0 && !is_over && generation_->options.access == nullptr) {
    try {
      partial_ = std::make_unique<std::string>(label());
      inbound::free(std::exchange(in_use_.in, nullptr));
    } catch (const std::bad_alloc&) {
      // it stays as large as it is
    }
  }
  if ((wishes & new_time) != 0) {
    const std::uint32_t time = request_ms_.load(std::memory_order_relaxed);
    timed_ = false;
    reminds_ = in_use_.upgraded;
    if (time != 0)
      give_time(at, time);
  }
  return is_over;
}

void connection::on_return(rc::runnable& self, rc::carrier&) {
  connection& c = *static_cast<return_errand&>(self).of;
  rc::worker& at = *c.home;
  if (c.in_use_.asks_home) [[unlikely]] {
    if (!c.do_as_asked(at))
      return;
    c.in_use_.asks_home = false;
  }
  if (c.held_ != nullptr && !c.send_held(at)) [[unlikely]]
    return;
  c.phase_ = phase::idle;
  c.timed_ = c.reminds_ = false;
  if (c.overdue_) [[unlikely]] {
    using supervisors::request_end;
    c.overdue_ = false;
    if (c.in_use_.how == request_end::killed || c.in_use_.how == request_end::drained)
      c.in_use_.how = request_end::deadline;
  }
  c.site_->requests.of(at.index).ends(c.listed_, c.in_use_.how);
  if (c.generation_->options.access != nullptr) [[unlikely]]
    record_end(c, at);
  std::exchange(c.generation_, nullptr)->give_back(at.index);
  if (c.in_use_.in != nullptr)
    inbound::free(std::exchange(c.in_use_.in, nullptr));
  c.go_on(at, c.options_now().idle_time);
}

/// As was decided when the process ended.
void connection::go_on(rc::worker& at, std::chrono::milliseconds idle_time) noexcept {
  if (next_ != fate::keep) {
    if (next_ == fate::linger) {
      linger(at);
      return;
    }
    if (next_ == fate::reset) {
      const ::linger at_once{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      tls_.reset(); // a goodbye would make it look whole
    }
    close_behind_all(at);
    return;
  }
  // once more: the stop may have come here, and left us alone as in use, between give_back and now
  if (site_->ends_connections()) {
    close_behind_all(at);
    return;
  }
  set_deadline(at, at.polled_ms + ms(idle_time));
  if (partial_) {
    const std::unique_ptr<std::string> bytes = std::move(partial_);
    consume(at, *bytes);
  }
  if (phase_ == phase::idle && (ready_bits_.load(std::memory_order_seq_cst) & (EPOLLIN | peer_left)) != 0)
    read_more(at);
}

} // namespace perron::httpd::core
