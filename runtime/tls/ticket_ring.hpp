// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>

namespace perron::runtime::tls {

/// What seals one generation of session tickets; wiped when it goes.
struct ticket_key {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> cipher{}; ///< AES-256
  std::array<unsigned char, 32> mac{};    ///< HMAC-SHA-256

  ticket_key() = default;
  ticket_key(const ticket_key&) = default;
  ticket_key& operator=(const ticket_key&) = default;
  ~ticket_key();
};

/// The keys of one server's tickets, the current one last, as plain memory that processes can share. Whoever
/// touches it has its lock.
class ticket_ring {
public:
  using time_point = std::chrono::steady_clock::time_point;
  /// However often somebody asks for a change.
  static constexpr std::size_t most = 64;

  struct entry {
    ticket_key key{};
    time_point made{};
  };

  /// Oldest first.
  std::span<const entry> all() const noexcept { return std::span(entries_).first(count_); }
  /// A new current one. False: no random bytes.
  bool add(time_point now);
  /// Forgets those that were made then or earlier, and wipes them.
  void forget(time_point until) noexcept;
  void clear() noexcept { drop(count_); }

private:
  void drop(std::size_t oldest) noexcept;

  std::array<entry, most> entries_{};
  std::size_t count_ = 0; ///< never more, whatever a process that died has left
};

} // namespace perron::runtime::tls
