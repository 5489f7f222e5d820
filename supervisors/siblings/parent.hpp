// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/core/polled_signals.hpp>
#include <perron/supervisors/siblings/node_pipe.hpp>
#include <perron/supervisors/siblings/options.hpp>
#include <perron/supervisors/siblings/relay.hpp>
#include <perron/supervisors/siblings/restarts.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perron::siblings::core {

/// The process from which the nodes of a program are forked. It has one thread, runs nothing of the program,
/// and waits in one poll for its nodes' sockets and for signals; README.md says what it does about them.
///
/// | slot is  | pid | pipe | start_at | leaves it by                                                       |
/// |----------|-----|------|----------|--------------------------------------------------------------------|
/// | empty    | 0   | null | never    | start_at is set, once node 0 is up                                 |
/// | waiting  | 0   | null | set      | its time: fork                                                     |
/// | running  | set | set  | never    | the end of its process; the socket's end: parted                   |
/// | parted   | set | null | never    | the end of its process, which is killed if that takes too long     |
/// | finished | 0   | null | never    | only by the end of the program: its work is done, or all shall stop|
class parent {
public:
  using time = liveness::time;

  parent(std::string program, unsigned count, parent_options how, std::chrono::milliseconds stop_within);
  ~parent();
  parent(const parent&) = delete;
  parent& operator=(const parent&) = delete;

  struct outcome {
    bool in_node = false; ///< this is a node, freshly forked, and `socket` leads to the parent
    int socket = -1;
    int exit_code = 0; ///< of the parent, when all nodes have ended
  };
  /// Returns once in the parent, at the end, and once in each node, at its beginning. What a node has
  /// inherited of the parent is closed in it, and its signals are as they were.
  outcome run();

private:
  struct slot {
    pid_t pid = 0;
    std::unique_ptr<node_pipe> pipe;
    std::optional<time> start_at;
    std::optional<time> kill_at; ///< when it is killed, if it has not ended by then
  };

  std::optional<outcome> start_due(time now);
  std::optional<outcome> start(unsigned node, time now);
  void wait_for_events(time now);
  int poll_time(time now) const;
  bool is_congested() const;

  void give(const std::vector<unsigned>& to, const frame& what);
  node_pipe::came read(unsigned node);
  void part(unsigned node);
  void obey();
  void start_others();

  bool heed_signals();
  [[noreturn]] void end_at_once(int number);
  void reap();
  void ended(unsigned node, int wait_status);
  void kill_overdue();
  void kill(unsigned node, const std::string& why);
  void stop(int exit_code, const std::string& why);
  bool is_over() const;

  const std::string program_;
  const parent_options how_;
  const std::chrono::milliseconds stop_within_;
  supervisors::core::polled_signals signals_;
  relay relay_;
  restarts restarts_;
  std::vector<slot> slots_;
  std::uint64_t started_ = 0;
  bool others_started_ = false;
  bool paused_ = false; ///< reads nobody, as a node has too much to take
  bool stopping_ = false;
  std::optional<time> killing_at_; ///< when all that is left is killed
  int exit_code_ = 0;
};

} // namespace perron::siblings::core
