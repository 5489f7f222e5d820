// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/blocking.hpp>

#include <perron/runtime/core/blocking_pool.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/core/waiting.hpp>
#include <perron/runtime/process.hpp>

#include <exception>

namespace perron::runtime::detail {

void run_blocking(const std::function<void()>& work) {
  core::process& me = current();
  const pid who = me.self();
  std::exception_ptr thrown;
  {
    core::waiting wait(me, core::wait_kind::blocking);
    core::envelope* done = core::plain_signal(core::envelope_kind::wake, who, wait.number());
    me.sched->blocking->submit([&work, &thrown, who, done] {
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
      core::push_signal(who, done);
    });
    while (!me.woken)
      wait.park();
  }
  core::check_exit(me);
  if (thrown)
    std::rethrow_exception(thrown);
}

} // namespace perron::runtime::detail
