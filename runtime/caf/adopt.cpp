// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/caf/interop.hpp>

#include <perron/runtime/caf/process_actor.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/core/waiting.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/signals.hpp>

#include <caf/actor_addr.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>

#include <utility>

namespace perron::runtime::interop::detail {
namespace {

void send_exit(const ::caf::strong_actor_ptr& to, const ::caf::actor& from, ::caf::error why) {
  to->get()->eq_impl(::caf::make_message_id(::caf::message_priority::high), nullptr, nullptr,
                     ::caf::exit_msg{::caf::actor_cast<::caf::actor_addr>(from), std::move(why)});
}

/// Kills the actor and waits for its end, whatever else the calling process is told meanwhile.
void end_for_good(const ::caf::strong_actor_ptr& actor) {
  core::process& me = runtime::detail::current();
  const pid who = me.self();
  core::waiting wait(me, core::wait_kind::blocking);
  actor->get()->attach_functor([who, number = wait.number()](const ::caf::error&) {
    core::push_signal(who, core::plain_signal(core::envelope_kind::wake, who, number));
  });
  send_exit(actor, {}, ::caf::exit_reason::kill);
  while (!me.woken)
    wait.park();
}

} // namespace

ward::~ward() {
  if (who_ != nullptr)
    send_exit(who_, {}, ::caf::exit_reason::kill);
}

void stand_for(ward actor) {
  if (actor.who() == nullptr)
    runtime::exit(exit_reason::custom("no actor"));
  trap_exit(true);
  const monitor_ref ref = monitor(::caf::actor_cast<::caf::actor>(actor.who()));
  exit_reason why;
  try {
    for (bool lives = true; lives;)
      receive(
          [&](down d) {
            if (d.ref != ref)
              return;
            why = std::move(d.reason);
            lives = false;
          },
          [&](const exited& e) { send_exit(actor.who(), actor_of(e.from), caf::to_caf(e.reason)); },
          [&](mail m) {
            actor.who()->get()->enqueue(std::move(m.sender), m.id, std::move(m.content), nullptr);
          },
          [](const any_message&) {});
  } catch (...) {
    // killed, or told by the node to end
    end_for_good(actor.who());
    actor.has_ended();
    throw;
  }
  actor.has_ended();
  if (why != exit_reason::normal())
    runtime::exit(std::move(why));
}

} // namespace perron::runtime::interop::detail
