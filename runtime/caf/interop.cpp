// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/caf/interop.hpp>

#include <perron/runtime/caf/process_actor.hpp>
#include <perron/runtime/caf/system_parts.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/signals.hpp>

#include <caf/system_messages.hpp>

namespace perron::runtime {

namespace caf {

void process_actor::enqueue(::caf::mailbox_element_ptr what, ::caf::execution_unit*) {
  auto& content = what->content();
  if (content.match_elements<::caf::exit_msg>()) {
    const auto& signal = content.get_as<::caf::exit_msg>(0);
    core::push_signal(who(), core::exit_envelope(core::envelope_kind::exit, pid(nullptr, signal.source.id()),
                                                 from_caf(signal.reason), 0));
    return;
  }
  const ::caf::strong_actor_ptr sender = what->sender;
  const ::caf::message_id id = what->mid;
  auto* mail = core::make_envelope<interop::mail>(
      core::envelope_kind::mail, interop::mail{std::move(what->sender), id, what->move_content_to_message()});
  if (core::push_mail(who(), mail) != core::delivery::sent && sender && id.is_request())
    sender->get()->eq_impl(id.response_id(), nullptr, nullptr,
                           ::caf::error(::caf::sec::request_receiver_down));
}

} // namespace caf

namespace interop {

::caf::actor_system& actors(node& n) { return caf::actors_of(n.scheduler()); }

::caf::actor_system& actors() { return caf::actors_of(runtime::detail::current_scheduler()); }

::caf::actor actor_of(pid who) {
  core::process* p = who.slot();
  if (p == nullptr || p->id.load(std::memory_order_acquire) != who.id())
    return {};
  ::caf::actor_control_block* control = caf::find_shell(*p, who.id());
  // the count is zero once the process has ended (see retire in system.cpp), and then cannot be raised
  if (control == nullptr || !::caf::intrusive_ptr_upgrade_weak(control))
    return {};
  ::caf::strong_actor_ptr strong(control, false);
  if (control->id() != who.id())
    return {}; // another process lives there by now
  return ::caf::actor_cast<::caf::actor>(std::move(strong));
}

monitor_ref monitor(const ::caf::actor& who) {
  core::process& me = runtime::detail::current();
  const monitor_ref ref{core::fresh_number(*me.sched)};
  const pid watcher = me.self();
  const pid watched(nullptr, who.id());
  me.tied().monitors.add({watched, ref.value});
  who->attach_functor([ref, watcher, watched](const ::caf::error& why) {
    auto* e =
        core::make_envelope<down>(core::envelope_kind::down, down{ref, watched, caf::end_of_actor(why)});
    e->from = {watched, ref.value, 0};
    core::push_signal(watcher, e);
  });
  return ref;
}

} // namespace interop
} // namespace perron::runtime
