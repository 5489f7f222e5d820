// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/message.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/process.hpp>

namespace perron::runtime {

bool any_message::forward(pid to) && {
  const bool call = is_call();
  const std::uint64_t ref = held_->from.ref;
  if (detail::deliver(to, held_.release()) != core::delivery::sent)
    return false;
  if (core::process* me = core::current_process(); call && me != nullptr && me->ties)
    me->ties->watchers.remove(ref);
  return true;
}

namespace detail {

core::delivery deliver(pid to, core::envelope* mail) {
  const core::delivery how = core::push_mail(to, mail);
  if (core::process* me = core::current_process(); me != nullptr)
    core::spend(*me);
  return how;
}

core::delivery deliver(std::string_view name, core::envelope* mail) { return deliver(whereis(name), mail); }

} // namespace detail
} // namespace perron::runtime
