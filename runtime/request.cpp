// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/request.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/waiting.hpp>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace perron::runtime::detail {
namespace {

/// The requests of a process, if it ever made one.
core::open_requests* requests_of(core::process& self) {
  return self.ties ? self.ties->requests.get() : nullptr;
}

template <class Condition>
bool wait_until(core::process& self, std::chrono::nanoseconds timeout, Condition&& holds) {
  core::take_in(self);
  core::check_exit(self);
  const bool limited = timeout != no_timeout;
  const auto ns = static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(timeout.count(), 0));
  core::waiting wait(self, core::wait_kind::call,
                     !limited  ? core::waiting::forever
                     : ns == 0 ? 0
                               : self.sched->due_in(ns));
  while (!holds())
    if (!wait.park())
      return false;
  return true;
}

} // namespace

open_request::open_request(pid server, core::envelope* request) : server_(server) {
  core::envelope_guard unsent(request);
  core::process& self = current();
  if (server == self.self()) {
    not_sent_ = error{"a process cannot call itself", EDEADLK};
    return;
  }
  auto& table = self.tied().requests;
  if (!table)
    table = std::make_unique<core::open_requests>();
  const std::uint64_t ref = core::fresh_number(*self.sched);
  table->add(ref);
  ref_ = ref;
  request->from = {self.self(), ref, self.deadline_ms};
  unsent.held = nullptr;
  switch (core::push_mail(server, request)) {
  case core::delivery::sent:
    core::spend(self);
    return;
  case core::delivery::no_process:
    not_sent_ = error{"noproc", ESRCH};
    break;
  case core::delivery::full:
    not_sent_ = error{"the mailbox of the called process is full", EAGAIN};
    break;
  }
}

bool open_request::answered(core::process& self) const {
  const core::open_requests* table = requests_of(self);
  return not_sent_ || (table != nullptr && table->is_answered(ref_));
}

bool open_request::wait(std::chrono::nanoseconds timeout) const {
  core::process& self = current();
  return wait_until(self, timeout, [&] { return answered(self); });
}

call_outcome open_request::take() {
  core::process& self = current();
  if (not_sent_) {
    const error why = std::move(*not_sent_);
    abandon();
    return {nullptr, why};
  }
  core::open_requests* table = requests_of(self);
  if (!answered(self)) {
    const bool was_open = open();
    abandon();
    return {nullptr, was_open ? error{"timeout", ETIMEDOUT} : error{"the answer was taken already", EINVAL}};
  }
  const std::uint64_t ref = std::exchange(ref_, 0);
  return outcome_of(self, server_, ref, table->remove(ref));
}

void open_request::abandon() noexcept {
  const std::uint64_t ref = std::exchange(ref_, 0);
  not_sent_.reset();
  core::process* self = core::current_process();
  if (ref == 0 || self == nullptr)
    return;
  core::open_requests* table = requests_of(*self);
  if (table == nullptr)
    return;
  if (core::envelope* answer = table->remove(ref); answer != nullptr)
    core::destroy(answer);
  else
    core::push_signal(server_, core::plain_signal(core::envelope_kind::demonitor, self->self(), ref));
}

std::optional<std::size_t> wait_for_one(const std::vector<const open_request*>& requests,
                                        std::chrono::nanoseconds timeout) {
  core::process& self = current();
  if (std::none_of(requests.begin(), requests.end(),
                   [&](const auto* r) { return r->open() || r->answered(self); }))
    return std::nullopt;
  auto found = requests.end();
  if (!wait_until(self, timeout, [&] {
        found =
            std::find_if(requests.begin(), requests.end(), [&](const auto* r) { return r->answered(self); });
        return found != requests.end();
      }))
    return std::nullopt;
  return static_cast<std::size_t>(found - requests.begin());
}

} // namespace perron::runtime::detail
