// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/node.hpp>
#include <perron/supervisors/core/app_state.hpp>
#include <perron/supervisors/core/descriptor.hpp>
#include <perron/supervisors/core/polled_signals.hpp>

#include <chrono>
#include <functional>
#include <optional>

namespace perron::supervisors::core {

/// The main thread's part of a program: it waits, and minds signals while it does. A signal that comes after
/// the stop has been ordered ends the program on the spot, with exit code 128 + n.
class main_thread {
public:
  main_thread(polled_signals& signals, app_state& shared, std::chrono::milliseconds stop_within);

  /// Waits until the tree has ended; calls `order_stop`, once, when it shall. Nothing if it then took longer
  /// than stop_within.
  std::optional<app_outcome> wait_for_end(const std::function<void()>& order_stop);

  /// The signal that has stopped it, 0 if none has.
  int stopped_by() const noexcept { return stopped_by_; }

  /// Stops the node and waits for it.
  runtime::leftovers stop(runtime::node& n, std::chrono::milliseconds grace);

private:
  struct woken {
    int signal = 0; ///< its number
    bool timer = false;
  };

  woken wait();
  void set_timer() const;

  polled_signals& signals_;
  app_state& shared_;
  const std::chrono::milliseconds stop_within_;
  const descriptor timer_;
  bool stopping_ = false;
  int stopped_by_ = 0;
};

} // namespace perron::supervisors::core
