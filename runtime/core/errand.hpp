// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/runnable.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/worker.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace perron::runtime::core {

/// Work for one worker, done there inside the engine, so it must not wait. It frees itself. Errands of one
/// sender to one worker are run in the order sent.
class errand final : runnable {
public:
  using function = std::function<void(worker&)>;

  /// From any thread; costs an allocation.
  static void post(worker& to, function work) { to.post(*new errand(to, std::move(work))); }
  static void post_to_all(scheduler& s, const function& work) {
    for (const auto& w : s.workers)
      post(*w, work);
  }

private:
  errand(worker& to, function work) : runnable(&run_it), work_(std::move(work)), at_(to) {}

  static void run_it(runnable& self, carrier&) {
    const std::unique_ptr<errand> mine(static_cast<errand*>(&self));
    mine->work_(mine->at_);
  }

  const function work_;
  worker& at_;
};

} // namespace perron::runtime::core
