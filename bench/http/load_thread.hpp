// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "histogram.hpp"
#include "load_options.hpp"
#include "response_reader.hpp"

namespace perron::bench {

/// The phases of a run, set by the main thread and only ever moving on. In `draining` nothing more is asked,
/// and answers that are still due are waited for, within load_options::patience.
enum class load_phase { opening, warming_up, measuring, draining };

/// What the main thread tells its load threads, and they it.
struct load_control {
  std::atomic<load_phase> phase{load_phase::opening};
  std::atomic<int> established{0};
};

enum class load_error { connect, reset, closed, status, malformed, unanswered };

constexpr std::array load_error_names = {"connect", "reset", "closed", "status", "malformed", "unanswered"};

struct load_result {
  latency_histogram latencies; // of requests of the measured seconds, late answers included
  uint64_t answered = 0;       // closed mode: in the measured seconds; open mode: of those due in them
  std::array<uint64_t, load_error_names.size()> errors{}; // by load_error, over the whole run
  uint64_t reconnects = 0;                                // after an answer with Connection: close

  void merge(const load_result& other);
};

/// One thread's share of the connections behind one epoll instance. Not shared: run() on its own thread,
/// result() after that has ended.
class load_thread {
public:
  /// `first` numbers this thread's connections among all, `rate` is this thread's share.
  load_thread(const load_options& options, load_control& control, int first, int connections, double rate);
  ~load_thread();

  load_thread(const load_thread&) = delete;
  load_thread& operator=(const load_thread&) = delete;

  void run();
  const load_result& result() const { return result_; }

private:
  enum class link_state { unopened, connecting, idle, waiting, broken };

  struct link {
    int fd = -1;
    link_state state = link_state::unopened;
    bool established = false;
    bool measured = false;  // open mode: was due in the measured seconds
    int64_t started_ns = 0; // when sent, in open mode: when due
    response_reader reader;
  };

  void open_more();
  void connect(link& l);
  void on_ready(link& l, uint32_t events);
  void on_connected(link& l);
  void on_established(link& l);
  void on_readable(link& l);
  void on_answer(link& l);
  void ask(link& l, int64_t started_ns);
  void fail(link& l, load_error error);
  void record(const link& l);
  void enter(load_phase phase);
  bool drained() const;
  bool awaited(const link& l) const;
  void send_due();
  void arm_timer();
  void clear_timer();
  void count_unanswered();
  void reopen_broken();

  const load_options& options_;
  load_control& control_;
  const int first_;
  const double interval_ns_; // open mode; 0 otherwise
  const std::string request_;
  const int poller_;
  const int timer_;
  load_phase phase_ = load_phase::opening;
  int64_t phase_began_ns_ = 0;
  int64_t measuring_began_ns_ = 0; // 0 until then
  int64_t reopen_at_ns_ = 0;
  size_t next_to_open_ = 0;
  int opening_ = 0;
  std::vector<link> links_;
  int64_t schedule_began_ns_ = 0;
  uint64_t scheduled_ = 0;
  std::deque<int64_t> due_; // open mode: due, and no connection free yet
  std::deque<link*> free_;  // open mode: least recently used first
  load_result result_;
};

} // namespace perron::bench
