// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/call.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/type_name.hpp>
#include <perron/runtime/core/waiting.hpp>

#include <algorithm>
#include <cerrno>

namespace perron::runtime::detail {
namespace {

/// Ends the call of `self` that is under way, whatever way it is left.
struct call_under_way {
  core::process& self;
  pid server;
  ~call_under_way() {
    if (self.call_reply != nullptr)
      core::destroy(std::exchange(self.call_reply, nullptr));
    self.call_ref = 0;
  }
};

} // namespace

call_outcome wait_for_reply(pid server, core::envelope* request, std::chrono::nanoseconds timeout) {
  core::envelope_guard unsent(request);
  core::process& self = current();
  if (server == self.self())
    return {nullptr, {"a process cannot call itself", EDEADLK}};
  core::take_in(self);
  core::check_exit(self);
  std::uint64_t due = core::waiting::forever;
  if (timeout != no_timeout)
    due = self.sched->due_in(
        static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(timeout.count(), 0)));
  if (self.deadline_ms != 0)
    due = std::min(due, self.deadline_ms);
  self.call_ref = core::fresh_number(*self.sched);
  const call_under_way ended_by_scope{self, server};
  request->from = {self.self(), self.call_ref, due == core::waiting::forever ? 0 : due};
  const std::uint64_t ref = self.call_ref;
  unsent.held = nullptr;
  switch (core::push_mail(server, request)) {
  case core::delivery::sent:
    break;
  case core::delivery::no_process:
    return {nullptr, {"noproc", ESRCH}};
  case core::delivery::full:
    return {nullptr, {"the mailbox of the called process is full", EAGAIN}};
  }
  {
    core::waiting wait(self, core::wait_kind::call, due);
    while (self.call_reply == nullptr)
      if (!wait.park()) {
        core::push_signal(server, core::plain_signal(core::envelope_kind::demonitor, self.self(), ref));
        return {nullptr, {"timeout", ETIMEDOUT}};
      }
  }
  return outcome_of(self, server, ref, std::exchange(self.call_reply, nullptr));
}

call_outcome outcome_of(core::process& self, pid server, std::uint64_t ref, core::envelope* got) {
  if (core::carries<core::call_failed>(*got)) {
    const core::envelope_guard hold(got);
    return {nullptr, {core::payload_of<core::call_failed>(*got).reason.to_string(), ESRCH}};
  }
  // answered by somebody else: the server must not keep us among those who wait for it
  if (got->from.from != server)
    core::push_signal(server, core::plain_signal(core::envelope_kind::demonitor, self.self(), ref));
  core::spend(self);
  return {got, {}};
}

bool send_reply(const caller& to, core::envelope* answer) {
  core::process* me = core::current_process();
  answer->from = {self_or_none(), to.ref, 0};
  if (me != nullptr && me->ties)
    me->ties->watchers.remove(to.ref);
  const bool sent = core::push_signal(to.from, answer);
  if (me != nullptr)
    core::spend(*me);
  return sent;
}

error wrong_reply(const core::envelope& got, const std::type_info& wanted) {
  return {"the answer has type " + core::type_name(*got.type->info) + ", expected " + core::type_name(wanted),
          EPROTO};
}

} // namespace perron::runtime::detail
