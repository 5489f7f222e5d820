// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/siblings/options.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace perron::siblings::core {

/// How a node's operating-system process ended, from what waitpid says.
struct node_end {
  enum class kind : std::uint8_t {
    finished, ///< exit code 0: its work is done, or it stopped as it was told
    failed,   ///< by itself, with another exit code
    crashed,  ///< by a signal that a fault raises, as SIGSEGV and SIGABRT
    killed    ///< by somebody: SIGKILL, SIGTERM (which a node makes exit code 143), any other signal
  };
  kind how = kind::finished;
  int number = 0; ///< exit code, or signal

  static node_end of(int wait_status) noexcept;
  /// "ended with exit code 1", "crashed by signal 11 (Segmentation fault)", ...
  std::string to_string() const;
};

/// Whether and when a node is started again. Pure: times come from outside. A node that is killed by somebody
/// is left alone longer and longer too, but never held against the program, however often: out of memory, or
/// an administrator, is no fault of it.
class restarts {
public:
  using time = std::chrono::steady_clock::time_point;

  restarts(parent_options how, unsigned count) : how_(how), nodes_(count) {}

  void started(unsigned node, time now);

  struct verdict {
    bool give_up = false;
    std::chrono::milliseconds wait{};
  };
  /// What to do about a node that has ended and was not told to; `chance` from 0 to 1 picks the jitter.
  verdict ended(unsigned node, const node_end& how, time now, double chance);

private:
  struct history {
    bool runs = false;
    time since{};            ///< the last start
    std::uint32_t tries = 0; ///< short lives in a row
    unsigned failures = 0;   ///< of these, its own fault
  };

  bool has_healthy(time now) const;

  parent_options how_;
  std::vector<history> nodes_;
};

} // namespace perron::siblings::core
