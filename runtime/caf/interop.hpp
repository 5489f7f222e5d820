// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/node.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/result.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>

#include <exception>
#include <type_traits>
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
/// the node's workers until it stops, and have their last turns, for what came until then, on the thread that
/// stops it. A thread of one's own that spawns has to end, or to call
/// caf::logger::set_current_actor_system(nullptr), before another stops the node, which waits for it.
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

// -- actors under supervisors

namespace detail {

/// An actor that somebody answers for: killed when this goes, unless it has ended.
class ward {
public:
  explicit ward(::caf::strong_actor_ptr who) noexcept : who_(std::move(who)) {}
  ward(ward&&) noexcept = default;
  ward& operator=(ward&&) = delete;
  ~ward();

  const ::caf::strong_actor_ptr& who() const noexcept { return who_; }
  void has_ended() noexcept { who_ = nullptr; }

private:
  ::caf::strong_actor_ptr who_;
};

void stand_for(ward actor);

template <class Start>
ward started(Start& start) {
  return ward(::caf::actor_cast<::caf::strong_actor_ptr>(start(actors())));
}

} // namespace detail

/// The body of a process that stands for a CAF actor, so that the actor can be supervised, linked, monitored
/// and named like any process:
///
///     child({.id = "counter"}, interop::adopt([](caf::actor_system& s) { return s.spawn(counter); }))
///
/// `start` makes the actor, event-based, blocking, function-based or typed, and gives its handle; it runs in
/// the new process, once. What it throws is that process's end.
///
/// The process ends when the actor has ended, and not before: with normal, shutdown (CAF: user_shutdown),
/// killed (CAF: kill), or custom with what CAF says of the reason. Exit signals for the process go to the
/// actor as exit messages; kill does as well, and there is no way for an event-based actor to ignore that
/// one. A blocking actor is only ended by what it receives: it has to take `caf::exit_msg` and return, or
/// whoever stops it waits for it for ever. CAF messages to the process (see actor_of) are handed on to the
/// actor, requests included; other mail is dropped.
///
/// Costs one parked process per actor.
template <class Start>
auto adopt(Start&& start) {
  return [start = std::decay_t<Start>(std::forward<Start>(start))]() mutable {
    detail::stand_for(detail::started(start));
  };
}

/// As a process with that body, but the actor is made by the caller before this returns, and what `start`
/// throws, or a null handle, is an error. For a supervisor's child on which those behind it rely:
///
///     spec.start = [] { return interop::start_adopted({.link = true}, make_registry); };
template <class Start>
result<pid> start_adopted(const spawn_options& options, Start&& start) {
  try {
    detail::ward made = detail::started(start);
    if (made.who() == nullptr)
      return error{"no actor"};
    return spawn(options, [made = std::move(made)]() mutable { detail::stand_for(std::move(made)); });
  } catch (const std::exception& e) {
    return error{e.what()};
  }
}

} // namespace perron::runtime::interop
