// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/signals.hpp>

#include <memory>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace perron::runtime {

/// A message of whatever type: what a catch-all clause gets. Owns the message; move-only.
class any_message {
public:
  explicit any_message(core::envelope* e) noexcept : held_(e) {}

  const std::type_info& type() const noexcept { return *held_->type->info; }

  /// The message if it is a T, else null.
  template <class T>
  T* get_if() noexcept {
    return held_ && core::carries<T>(*held_) ? &core::payload_of<T>(*held_) : nullptr;
  }

  /// Whether somebody waits for an answer to it, and who.
  bool is_call() const noexcept { return held_->kind == core::envelope_kind::call; }
  caller from() const noexcept { return held_->from; }

  /// Sends it on as it is, call or not; the answer will reach the first caller, who from now on depends on
  /// `to` and not on the calling process.
  bool forward(pid to) &&;

private:
  struct destroyer {
    void operator()(core::envelope* e) const noexcept { core::destroy(e); }
  };
  std::unique_ptr<core::envelope, destroyer> held_;
};

namespace detail {
core::delivery deliver(pid to, core::envelope* mail);
core::delivery deliver(std::string_view name, core::envelope* mail);
} // namespace detail

/// Sends a message: it is moved into the receiver's mailbox, one allocation, nothing shared. Any type that
/// can be moved will do. True if the receiver was alive and had room; a message to a dead process vanishes,
/// as in Erlang. Messages of one sender arrive in the order sent. Any thread; from a process it may give way.
template <class T>
bool send(pid to, T&& message) {
  using payload = std::decay_t<T>;
  static_assert(!std::is_pointer_v<payload> || std::is_same_v<payload, const char*>,
                "sending a pointer shares memory between processes; send the value or a unique_ptr");
  return detail::deliver(to, core::make_envelope<payload>(core::envelope_kind::mail,
                                                          std::forward<T>(message))) == core::delivery::sent;
}

/// As send, to whatever process has the name now; false if none has. From any thread of the node.
template <class T>
bool send(std::string_view name, T&& message) {
  return detail::deliver(name, core::make_envelope<std::decay_t<T>>(core::envelope_kind::mail,
                                                                    std::forward<T>(message))) ==
         core::delivery::sent;
}

} // namespace perron::runtime
