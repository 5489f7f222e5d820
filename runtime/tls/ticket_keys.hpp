// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <chrono>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

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

/// The keys of a server's session tickets (RFC 5077 4, RFC 8446 4.6.1): a current one and those before it
/// whose tickets are still good. The first ticket that is made after a key's time makes the next one; there
/// is no timer. Any thread; one lock, for 100 ns.
class ticket_keys {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A key seals tickets for `key_time` and opens them for `lifetime` more.
  ticket_keys(std::chrono::seconds key_time, std::chrono::seconds lifetime) noexcept
      : key_time_(key_time), lifetime_(lifetime) {}

  /// To seal with. Empty: there is none and no random bytes to make one of.
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
  struct entry {
    ticket_key key;
    time_point made;
  };

  bool add(time_point now);
  void forget_old(time_point now);

  const std::chrono::seconds key_time_;
  const std::chrono::seconds lifetime_;
  std::mutex mutex_;
  std::vector<entry> keys_; ///< the current one last
};

} // namespace perron::runtime::tls
