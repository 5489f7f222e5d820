// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/admission.hpp>
#include <perron/httpd/core/exchange_state.hpp>
#include <perron/httpd/core/held_answer.hpp>
#include <perron/httpd/core/inbound.hpp>
#include <perron/httpd/core/site.hpp>
#include <perron/httpd/http1/request_head.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/poller.hpp>
#include <perron/runtime/core/process.hpp>
#include <perron/runtime/core/timer.hpp>
#include <perron/runtime/net/system_calls.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace perron::runtime::tls {
class server_context;
class session;
struct session_info;
} // namespace perron::runtime::tls

namespace perron::httpd::core {

namespace rc = runtime::core;

/// One client connection. Between requests it is this record in the poller of its home worker and nothing
/// else: no process, no stack, no buffer. When the head of a request is complete, a process is made for it
/// and owns the socket until it ends. With TLS a process of its own shakes hands before the first request.
///
/// | phase     | who acts on it                | leaves it by                                               |
/// |-----------|-------------------------------|------------------------------------------------------------|
/// | fresh     | the home worker; TLS only     | the first bytes -> in_use (a handshake), or waiting while  |
/// |           |                               | too many are under way; end, error, time -> closed         |
/// | waiting   | the home worker               | the end of another's handshake -> in_use; end -> closed    |
/// | idle      | the home worker               | a complete head -> in_use; a bad one -> lingering;         |
/// |           |                               | end, error, time -> closed                                 |
/// | in_use    | the request's process, or     | process_ended -> returning                                 |
/// |           | that of the handshake         |                                                            |
/// | returning | an errand to the home worker  | -> idle, or in_use again if the next head is there or not  |
/// |           |                               | all of the answer was taken, lingering, closed             |
/// | lingering | the home worker               | end, error, time -> closed                                 |
/// | closed    | nobody; freed by the poller   |                                                            |
///
/// To the home worker in_use and returning are one: it learns of the end of the process by the errand.
///
/// A connection lingers when the last answer is out and the peer may still be sending: its own direction is
/// shut, and what comes is thrown away until the peer closes too or the time is over. Closing at once would
/// make the kernel send a reset, which may destroy the answer before the peer has read it (RFC 9112 9.6).
///
/// | field            | who may touch it                                                              |
/// |------------------|-------------------------------------------------------------------------------|
/// | ready_bits       | set by the home worker's poller, cleared by whoever acts                       |
/// | waiting_for      | the process: number of its wait, 0 if none; read by the poller                |
/// | listed, phase,   | home worker; its process reads generation                                     |
/// |  overdue,        |                                                                               |
/// |  generation      |                                                                               |
/// | next             | whoever gives it back, then the home worker                                    |
/// | in               | made and freed by the home worker, read by the process and by who lists it;    |
/// |                  | see ask_home for a process that has given it up                               |
/// | mail_wanted      | set by the process, cleared by whoever sends the mail                          |
/// | home_asked       | set by the process, cleared by the home worker                                 |
/// | request_ms       | the process; read by the home worker when asked                                |
/// | held             | the process, on the home worker; then that                                     |
/// | the rest         | whoever acts on the connection in this phase                                   |
///
/// A wake-up cannot be lost: the process publishes waiting_for and then looks at ready_bits, the poller sets
/// ready_bits and then looks at waiting_for, both sequentially consistent, so one of them sees the other.
class connection final : public rc::poll_handler {
public:
  connection(std::shared_ptr<site> s, int socket, rc::worker& at);
  ~connection();

  /// Before open(), where it matters whom it is from.
  void comes_from(std::unique_ptr<visitor> who) noexcept { visitor_ = std::move(who); }
  /// Null where nobody asked.
  const visitor* from() const noexcept { return visitor_.get(); }

  /// Its life begins, on the home worker: it reads if a request may be there already, and is watched by the
  /// poller from when it has to be. False: the connection is gone.
  bool open() noexcept;

  /// What becomes of a connection after a request. A reset tells the peer that the end is none.
  enum class fate : std::uint8_t { keep, close, linger, reset };
  /// After the process; `leftover` is what came behind its request. From any thread.
  void give_back(fate then, std::string_view leftover) noexcept;

  // -- on the home worker

  /// Takes it down.
  void close() noexcept;
  /// What it is used for, as a list of requests shows it: "GET /wait?n=1".
  std::string label() const;
  /// A handshake counts as idle; it is told to end.
  void close_if_idle() noexcept;

  site& where() noexcept { return *site_; }
  /// While it is in use: what its request began with.
  const generation& answers_with() const noexcept { return *generation_; }

  // -- its bytes, for whoever acts on it: nobody else names the socket to read or write. None of these waits;
  // they give what net::detail::try_* give

  std::int64_t receive(char* into, std::size_t size) noexcept {
    return tls_ == nullptr ? runtime::net::detail::try_receive(fd, into, size) : receive_secured(into, size);
  }
  std::int64_t send(const ::iovec* parts, std::size_t count) noexcept {
    return tls_ == nullptr ? runtime::net::detail::try_send(fd, parts, count) : send_secured(parts, count);
  }
  /// `when`: over TLS the head shares a record with the file, or goes ahead.
  std::int64_t sendfile(std::string_view head, int file, ::off_t& offset, std::size_t count,
                        runtime::net::detail::head_goes when) noexcept {
    return tls_ == nullptr ? runtime::net::detail::try_sendfile(fd, head, file, offset, count, when)
                           : sendfile_secured(head, file, offset, count);
  }
  /// What to wait for after -EAGAIN.
  std::uint32_t events_to_read() const noexcept;
  std::uint32_t events_to_write() const noexcept;
  /// TLS has something to be sent before it reads on.
  bool waits_to_write() const noexcept { return is_secure() && secured_waits_to_write(); }
  bool is_secure() const noexcept { return tls_ != nullptr; }
  /// Null without TLS.
  const runtime::tls::session_info* tls_info() const;
  /// As much of an error answer as goes out at once; see error_answer().
  void send_error(int status, std::string_view why, std::chrono::seconds retry_after = {},
                  bool bare = false) noexcept;

  // -- for the process that owns it

  exchange_state& in_use() noexcept { return in_use_; }

  /// Takes it out of the count of max_connections for the rest of its life.
  void leave_count() noexcept;

  /// The kinds of leaving, for process::ignored_interrupts.
  enum leaving : std::uint8_t { half_closed = 1, gone = 2 };
  /// From now on only these interrupt the process, whatever has done so already.
  void be_interrupted_by(std::uint8_t kinds);

  /// The request has `time` in all, whatever the server says; 0: no limit. One that was upgraded is told by a
  /// `reminder` then, and goes on.
  void limit_time(std::chrono::milliseconds time) noexcept;
  /// The process needs `in` no more: it goes, but for what a list of requests shows; unless somebody is told
  /// of its end.
  void give_up_inbound() noexcept;

  /// The process is about to read: a later event counts as news.
  void will_read() noexcept { ready_bits_.fetch_and(~std::uint32_t(in_bit), std::memory_order_seq_cst); }
  /// Sends the process one `readable` when there is something to be read, now or later; `now`: there is.
  void want_mail(bool now) noexcept;

  /// Waits until the socket is ready (poller event bits) or node time `due_ms` comes; false: it came.
  bool wait_for(std::uint32_t bits, rc::wait_kind what, std::uint64_t due_ms);
  /// Takes a copy of a whole answer, `second` behind `first`, and sends it when the process has ended,
  /// together with those of other requests: the code that makes answers and the kernel's that sends them do
  /// not drive each other out of the processor's caches then. For the last thing that a process does: it
  /// neither reads nor waits behind it. What the peer does not take at once another process sends, which the
  /// request's place in the list goes to. False: it has to be sent by the caller, being long, or made far
  /// from home.
  bool hold(std::string_view first, std::string_view second, const route_limits* limits) noexcept;
  /// The process has read, and there may be more of which no event will tell again.
  void may_have_more() noexcept;
  /// It has read what belongs to the next request.
  void keep_for_next(std::string_view bytes) { partial_ = std::make_unique<std::string>(bytes); }

  /// Its request in the list of those that run.
  struct listed_request final : supervisors::core::request_entry {
    connection* const of;
    explicit listed_request(connection* c) noexcept : of(c) {}
  };

  connection* next_of_worker = nullptr;
  connection* previous_of_worker = nullptr;

private:
  static constexpr std::uint32_t in_bit = 1; // EPOLLIN
  enum class phase : std::uint8_t { fresh, waiting, idle, in_use, lingering, closed };

  struct return_errand final : rc::runnable {
    connection* of;
    explicit return_errand(connection* c) noexcept : runnable(&connection::on_return), of(c) {}
  };
  struct idle_timer final : rc::wheel_timer {
    connection* of;
    explicit idle_timer(connection* c) noexcept : wheel_timer(&connection::on_timer), of(c) {}
  };

  static void on_ready(rc::poll_handler& self, std::uint32_t events, rc::worker& at);
  static void on_dispose(rc::poll_handler& self) noexcept;
  static void on_return(rc::runnable& self, rc::carrier& on);
  static void on_timer(rc::wheel_timer& self, rc::worker& at);
  static void on_handshake_over(rc::runnable& self, rc::carrier& on);

  void meet(std::uint32_t events, rc::worker& at) noexcept;
  void begin_handshake(rc::worker& at) noexcept;
  void leave_queue(rc::worker& at) noexcept;
  void shake_hands(const runtime::tls::server_context& with, std::uint64_t time_ms, bool uses_kernel);
  std::int64_t receive_secured(char* into, std::size_t size) noexcept;
  std::int64_t send_secured(const ::iovec* parts, std::size_t count) noexcept;
  std::int64_t sendfile_secured(std::string_view head, int file, ::off_t& offset, std::size_t count) noexcept;
  bool secured_waits_to_write() const noexcept;
  void say_goodbye() noexcept;

  /// Those of the present moment, at home.
  const server_options& options_now() const noexcept;
  void read_more(rc::worker& at) noexcept;
  void consume(rc::worker& at, std::string_view fresh) noexcept;
  bool start_request(rc::worker& at, std::string_view all, const http1::request_head& head, std::size_t size);
  bool may_ask(rc::worker& at, const http1::request_head& head) noexcept;
  rc::spawn_plan plan() noexcept;
  bool send_held(rc::worker& at) noexcept;
  bool is_last_answer() const noexcept;
  bool begin_rest(rc::worker& at) noexcept;
  void refuse(int status, std::string_view why, std::string_view came,
              const http1::request_head* head = nullptr) noexcept;
  void tell_peer_left(std::uint32_t events) noexcept;
  void send_mail() noexcept;
  /// Things a process wants done by the home worker before its end; one errand carries them all.
  enum wish : std::uint8_t { shrink = 1, new_time = 2, give_back_too = 4 };
  void ask_home(wish what) noexcept;
  void post_home() noexcept;
  bool do_as_asked(rc::worker& at) noexcept;
  void linger(rc::worker& at) noexcept;
  bool end_sending() noexcept;
  bool ends_now(rc::worker& at) noexcept;
  void look_again_soon(rc::worker& at) noexcept;
  void go_on_ending(rc::worker& at) noexcept;
  void throw_away(rc::worker& at) noexcept;
  void close_behind_all(rc::worker& at) noexcept;
  void go_on(rc::worker& at, std::chrono::milliseconds idle_time) noexcept;
  void set_deadline(rc::worker& at, std::uint64_t due_ms) noexcept;
  void give_time(rc::worker& at, std::uint64_t ms) noexcept;
  void begin_rarely(rc::worker& at, rc::process& p) noexcept;
  std::uint64_t hurry(std::uint64_t now_ms) noexcept;
  void out_of_time(rc::worker& at) noexcept;

  std::shared_ptr<site> site_;
  std::atomic<std::uint32_t> ready_bits_{0};
  std::atomic<std::uint32_t> waiting_for_{0};
  generation* generation_ = nullptr; ///< while in use
  listed_request listed_{this};      ///< who: the process, while in use
  exchange_state in_use_;
  held_answer::pointer held_;                  ///< from the end of the process until it is sent
  std::unique_ptr<runtime::tls::session> tls_; ///< from the end of the handshake on
  std::unique_ptr<visitor> visitor_;
  /// Idle: bytes of a head that is not complete. In use: those of the next, or, without `in`, the label.
  std::unique_ptr<std::string> partial_;
  http1::head_progress progress_;
  return_errand errand_{this};
  idle_timer timer_{this};
  std::uint64_t deadline_ms_ = 0; ///< of idle and lingering; the timer goes off then or earlier
  std::atomic<std::uint32_t> request_ms_{0};
  phase phase_ = phase::idle;
  fate next_ = fate::keep;
  bool overdue_ = false;    ///< its request has had its time and was told to end
  bool timed_ = false;      ///< deadline_ms_ is that of the request
  bool reminds_ = false;    ///< and when it comes the process is told
  bool ends_later_ = false; ///< lingering: its own direction is not ended yet
  std::atomic<bool> mail_wanted_{false};
  std::atomic<std::uint8_t> home_asked_{0};
};

} // namespace perron::httpd::core
