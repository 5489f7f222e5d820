// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/allocate.hpp>
#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>

#include <cstdint>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace perron::runtime {

/// Who waits for the answer to a call, and until when. Move it to whoever will answer: reply() works from any
/// process, once. Copying is allowed; only the first reply reaches the caller (otp-semantics 5.10).
struct caller {
  pid from;
  std::uint64_t ref = 0;
  std::uint64_t deadline_ms = 0; ///< node time; 0 = waits without limit
};

namespace core {

/// What is known about the type of a payload. One static object a type; its address is the type's identity
/// inside the operating-system process.
struct payload_type {
  const std::type_info* info;
  void (*destroy)(struct envelope&) noexcept; ///< ends the payload and frees the envelope
};

/// What an envelope carries. Mail is what receive clauses see; the rest is the signal lane, acted upon when
/// the process takes in its doorway, before any mail is looked at.
enum class envelope_kind : std::uint8_t {
  mail,
  call,      ///< mail with a caller
  reply,     ///< answer to the call that is under way, dropped if that is over
  exit,      ///< exit(pid, reason)
  link_exit, ///< the process at the other end of a link ended
  down,      ///< a monitored process ended
  link,
  unlink,
  monitor,
  demonitor,
  timeout,       ///< a timer of the process went off
  wake,          ///< something outside (socket, blocking pool) is ready
  overflowed,    ///< the mailbox is full and its policy is to end the process
  room_wanted,   ///< a sender waits for room in a full mailbox; answered by a wake
  room_given_up, ///< it waits no more, woken or not
  interrupt      ///< end the process if it waits in receive, else when it next does
};

/// One thing on its way to one process: a node of the doorway's list with its payload behind it.
///
/// | field  | who may touch it                                                        |
/// |--------|-------------------------------------------------------------------------|
/// | all    | the sender until the push, the receiver from its take; nobody between   |
struct envelope {
  envelope* next = nullptr;
  std::uint64_t target =
      0; ///< id of the addressee; an envelope that raced into a reused slot is dropped by it
  const payload_type* type = nullptr;
  envelope_kind kind = envelope_kind::mail;
  caller from{}; ///< call: who waits; reply: ref; other signals: the other process and the reference

  explicit envelope(const payload_type* t, envelope_kind k) noexcept : type(t), kind(k) {}
};

template <class T>
struct typed_envelope : envelope {
  T value;

  template <class... Args>
  explicit typed_envelope(envelope_kind k, Args&&... args)
      : envelope(&payload, k), value(std::forward<Args>(args)...) {}

  static void destroy(envelope& self) noexcept {
    auto* typed = static_cast<typed_envelope*>(&self);
    typed->~typed_envelope();
    deallocate(typed, sizeof(typed_envelope), alignof(typed_envelope));
  }

  static constexpr payload_type payload{&typeid(T), &destroy};
};

/// Builds an envelope for a payload. One allocation.
template <class T, class... Args>
typed_envelope<T>* make_envelope(envelope_kind kind, Args&&... args) {
  using node = typed_envelope<T>;
  void* memory = allocate(sizeof(node), alignof(node));
  if constexpr (std::is_nothrow_constructible_v<T, Args&&...>) {
    return ::new (memory) node(kind, std::forward<Args>(args)...);
  } else {
    try {
      return ::new (memory) node(kind, std::forward<Args>(args)...);
    } catch (...) {
      deallocate(memory, sizeof(node), alignof(node));
      throw;
    }
  }
}

inline void destroy(envelope* e) noexcept { e->type->destroy(*e); }

/// Payload of a signal that needs none beyond the envelope's own fields.
struct nothing {};

template <class T>
T& payload_of(envelope& e) noexcept {
  return static_cast<typed_envelope<T>&>(e).value;
}

template <class T>
bool carries(const envelope& e) noexcept {
  return e.type == &typed_envelope<T>::payload;
}

/// Destroys an envelope at the end of a scope.
struct envelope_guard {
  envelope* held;
  explicit envelope_guard(envelope* e) noexcept : held(e) {}
  envelope_guard(const envelope_guard&) = delete;
  envelope_guard& operator=(const envelope_guard&) = delete;
  ~envelope_guard() {
    if (held != nullptr)
      destroy(held);
  }
};

} // namespace core
} // namespace perron::runtime
