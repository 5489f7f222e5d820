// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/node.hpp>
#include <perron/runtime/pid.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>

#include <utility>

/// The door to stock CAF actors. Every process is a CAF actor; these functions give its handle, the actor
/// system, and the way back. Programs that include this header compile against CAF 0.17 and link caf_core.
namespace perron::runtime::interop {

/// Mail: a message that a CAF actor sent to this process.
struct mail {
  ::caf::strong_actor_ptr sender;
  ::caf::message_id id;
  ::caf::message content;
};

/// The actor system of a node; spawn event-based, typed or function-based actors on it as usual: they run on
/// the node's workers.
::caf::actor_system& actors(node& n);
/// The same from inside a process.
::caf::actor_system& actors();

/// A CAF handle to a process, null if it has ended. While the handle lives the process's slot is not used
/// again.
::caf::actor actor_of(pid who);

/// Sends to a CAF actor, with the calling process as sender.
template <class... Ts>
void send(const ::caf::actor& to, Ts&&... parts) {
  to->eq_impl(::caf::make_message_id(), ::caf::actor_cast<::caf::strong_actor_ptr>(actor_of(self())), nullptr,
              std::forward<Ts>(parts)...);
}

/// Answers a request that arrived as mail; nothing happens if it was none.
template <class... Ts>
void reply(const mail& to, Ts&&... parts) {
  if (to.sender && to.id.is_request())
    to.sender->get()->eq_impl(to.id.response_id(),
                              ::caf::actor_cast<::caf::strong_actor_ptr>(actor_of(self())), nullptr,
                              std::forward<Ts>(parts)...);
}

/// As runtime::monitor, for a CAF actor: a `down` arrives when it ends; its `who` is empty but for the id.
/// The monitor cannot be taken back.
monitor_ref monitor(const ::caf::actor& who);

} // namespace perron::runtime::interop
