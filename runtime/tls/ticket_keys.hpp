// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/tls/ticket_board.hpp>
#include <perron/runtime/tls/ticket_ring.hpp>

#include <chrono>
#include <mutex>
#include <optional>
#include <span>

namespace perron::runtime::tls {

/// The keys of a server's session tickets (RFC 5077 4, RFC 8446 4.6.1): a current one and those before it
/// whose tickets are still good. The first ticket that is made after a key's time makes the next one; there
/// is no timer. Its own, or those on a board that several processes share. Any thread; one lock, for 100 ns.
class ticket_keys {
public:
  using time_point = ticket_ring::time_point;

  /// A key seals tickets for `key_time` and opens them for `lifetime` more.
  ticket_keys(std::chrono::seconds key_time, std::chrono::seconds lifetime) noexcept
      : key_time_(key_time), lifetime_(lifetime) {}
  /// Those of this label on the board, which stays; all who use it have the same times.
  ticket_keys(std::chrono::seconds key_time, std::chrono::seconds lifetime, ticket_board& on,
              const ticket_board::label& whose) noexcept
      : key_time_(key_time), lifetime_(lifetime), board_(&on), whose_(whose) {}

  /// To seal with. Empty: there is none and no random bytes to make one of, or none could be had in time.
  std::optional<ticket_key> current(time_point now);

  struct found {
    ticket_key key;
    bool is_current = false;
  };
  /// Whose name a ticket shows; empty: unknown or too old.
  std::optional<found> find(std::span<const unsigned char, 16> name, time_point now);

  /// The next ticket is sealed with a new key. False: no random bytes.
  bool change(time_point now);

private:
  /// What `use` makes of the keys, which nobody else touches meanwhile; nothing if they cannot be had.
  template <class F>
  auto with_keys(F&& use);
  void forget_old(ticket_ring& keys, time_point now) const noexcept {
    keys.forget(now - key_time_ - lifetime_);
  }

  const std::chrono::seconds key_time_;
  const std::chrono::seconds lifetime_;
  ticket_board* const board_ = nullptr;
  const ticket_board::label whose_{};
  std::mutex mutex_; ///< of `own_`
  ticket_ring own_;
};

} // namespace perron::runtime::tls
