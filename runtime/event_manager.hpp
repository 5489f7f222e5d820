// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/call.hpp>
#include <perron/runtime/event_handler.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// Event managers in the shape of OTP's gen_event: one process that hands each event to all handlers it has.
/// For logs, alarms, figures: what wants to know is added and removed while the rest runs. A handler that is
/// slow holds up all others; what has work to do for an event should send it to a process of its own, or be
/// one (group.hpp).
namespace perron::runtime {

/// Mail for who has added a supervised handler: it is no longer there. normal: it left or was deleted;
/// shutdown with the text "swapped"; the reason the manager ends with; or what it threw. OTP:
/// {gen_event_EXIT, H, Reason}.
struct handler_removed {
  pid manager;
  std::string id;
  exit_reason reason;
};

/// What is told of a handler that threw and was removed for it.
struct handler_report {
  pid manager;
  std::string manager_name; ///< empty if it has none
  std::string id;
  std::string type;  ///< its class
  std::string event; ///< the type of what it was given
  exit_reason reason;
};
std::string to_text(const handler_report& report);
/// Writes it to the log "perron" at level error, at most 50 a second for long and 100 at once in the whole
/// program. Any thread.
void log_handler_report(const handler_report& report);

struct event_manager_options {
  spawn_options spawn{}; ///< it always traps exits
  /// Takes the reports, in the process of the manager; what it throws is dropped. Without one, the log.
  std::function<void(const handler_report&)> report{};
};

/// Starts an event manager without handlers. Errors as start_server(). It ends by its parent's order, with
/// terminate() of each handler in the order they were added.
result<pid> start_event_manager(const event_manager_options& options = {});

namespace detail {

struct event_notice {
  any_message event;
};
struct event_sync {
  any_message event;
};
struct handler_add {
  std::string id;
  std::unique_ptr<handler_maker> maker;
  bool supervised = false;
  std::string replaces{}; ///< id of the one it is swapped in for, empty if none
};
struct handler_call {
  std::string id;
  any_message request;
};

result<void> add_handler(pid manager, handler_add request, std::chrono::nanoseconds timeout);

template <class T>
any_message boxed(T&& value) {
  return any_message(core::make_envelope<std::decay_t<T>>(core::envelope_kind::mail, std::forward<T>(value)));
}

template <class H, class... Args>
std::unique_ptr<handler_maker> maker_of(Args&&... args) {
  return std::make_unique<handler_maker_of<H, std::decay_t<Args>...>>(std::in_place,
                                                                      std::forward<Args>(args)...);
}

} // namespace detail

/// Adds a handler, an object of class H that is made in the manager from `args`. H is an ordinary class:
///
///     struct alarm_log {
///       using events = protocol<alarm_set, alarm_clear>; // void handle_event(const T&), or a handler_step
///       using calls = protocol<get_alarms>;              // optional, as in a server: for call_handler()
///       void handle_event(const alarm_set&);
///       handler_step handle_event(const alarm_clear&);   // may leave
///       std::vector<alarm> handle_call(get_alarms);
///       void handle_info(any_message&);                  // optional: other events, and mail to the manager
///       void terminate(const exit_reason&);              // optional: it is removed, and why
///       std::any hand_over();                            // optional: for who is swapped in
///       void take_over(std::any);                        // optional: from who was there
///     };
///
/// A handler that throws, or calls exit(), is removed and reported, after terminate(); the others and the
/// manager go on. It must not hibernate, and its destructor must not throw: that ends the manager.
///
/// Errors: EEXIST, the id is in use; the text of what the constructor threw; those of call(). Known to the
/// manager when this returns: an event that is notified later reaches the handler.
template <class H, class... Args>
result<void> add_handler(pid manager, std::string id, Args&&... args) {
  return detail::add_handler(manager,
                             {.id = std::move(id), .maker = detail::maker_of<H>(std::forward<Args>(args)...)},
                             default_call_timeout);
}

/// As above; when the caller ends the handler is removed, with the caller's reason, and when the handler is
/// removed in another way the caller is sent handler_removed. Unlike OTP, caller and manager are not linked:
/// of a manager that is killed only a monitor or a link tells.
template <class H, class... Args>
result<void> add_supervised_handler(pid manager, std::string id, Args&&... args) {
  return detail::add_handler(
      manager,
      {.id = std::move(id), .maker = detail::maker_of<H>(std::forward<Args>(args)...), .supervised = true},
      default_call_timeout);
}

/// Puts a new handler in the place of `old` with no event in between: terminate() of the old one with the
/// reason shutdown "swapped", and what its hand_over() gives to take_over() of the new one. If there is no
/// `old`, adds the new one. The new one is not supervised. If it cannot be made, the old one is gone all the
/// same (OTP).
template <class H, class... Args>
result<void> swap_handler(pid manager, std::string old, std::string id, Args&&... args) {
  return detail::add_handler(manager,
                             {.id = std::move(id),
                              .maker = detail::maker_of<H>(std::forward<Args>(args)...),
                              .supervised = false,
                              .replaces = std::move(old)},
                             default_call_timeout);
}

/// Removes a handler, after terminate() with normal; an error with code ENOENT if there is none of that id.
result<void> delete_handler(pid manager, std::string id,
                            std::chrono::nanoseconds timeout = default_call_timeout);

/// The ids of all handlers, in the order added, which is the order in which they are told.
result<std::vector<std::string>> which_handlers(pid manager,
                                                std::chrono::nanoseconds timeout = default_call_timeout);

/// Tells all handlers, and does not wait. False if the manager is dead or its mailbox is full. Any thread.
template <class T>
bool notify(pid manager, T&& event) {
  return send(manager, detail::event_notice{detail::boxed(std::forward<T>(event))});
}

/// Tells all handlers and waits until they have handled it; how each fared is not told.
template <class T>
result<void> sync_notify(pid manager, T&& event, std::chrono::nanoseconds timeout = default_call_timeout) {
  return call<void>(manager, detail::event_sync{detail::boxed(std::forward<T>(event))}, timeout);
}

/// Asks one handler. Errors as call(), and: ENOENT, there is no such handler; EPROTO, it does not know the
/// request; else what it threw, for which it was removed.
template <class Reply, class Request>
result<Reply> call_handler(pid manager, std::string id, Request&& request,
                           std::chrono::nanoseconds timeout = default_call_timeout) {
  detail::call_outcome outcome = detail::wait_for_reply(
      manager,
      core::make_envelope<detail::handler_call>(
          core::envelope_kind::call,
          detail::handler_call{std::move(id), detail::boxed(std::forward<Request>(request))}),
      timeout);
  if (outcome.reply != nullptr && core::carries<detail::handler_failure>(*outcome.reply)) {
    const core::envelope_guard hold(outcome.reply);
    return std::move(core::payload_of<detail::handler_failure>(*outcome.reply).why);
  }
  return detail::answer_in<Reply>(std::move(outcome));
}
template <detail::names_its_reply Request>
result<typename Request::reply> call_handler(pid manager, std::string id, Request request,
                                             std::chrono::nanoseconds timeout = default_call_timeout) {
  return call_handler<typename Request::reply, Request>(manager, std::move(id), std::move(request), timeout);
}

} // namespace perron::runtime
