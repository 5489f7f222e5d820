// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/ticket_keys.hpp>

#include <algorithm>

namespace perron::runtime::tls {

template <class F>
auto ticket_keys::with_keys(F&& use) {
  if (board_ == nullptr) {
    const std::lock_guard hold(mutex_);
    return use(own_);
  }
  ticket_board::turn mine(*board_);
  ticket_ring* const keys = mine.ring_of(whose_);
  return keys != nullptr ? use(*keys) : decltype(use(own_))();
}

std::optional<ticket_key> ticket_keys::current(time_point now) {
  return with_keys([&](ticket_ring& keys) -> std::optional<ticket_key> {
    if (keys.all().empty() || now - keys.all().back().made >= key_time_) {
      forget_old(keys, now);
      keys.add(now);
    }
    if (keys.all().empty())
      return std::nullopt;
    return keys.all().back().key;
  });
}

std::optional<ticket_keys::found> ticket_keys::find(std::span<const unsigned char, 16> name, time_point now) {
  return with_keys([&](ticket_ring& keys) -> std::optional<found> {
    forget_old(keys, now);
    for (const ticket_ring::entry& e : keys.all())
      if (std::ranges::equal(e.key.name, name))
        return found{e.key, &e == &keys.all().back()};
    return std::nullopt;
  });
}

bool ticket_keys::change(time_point now) {
  return with_keys([&](ticket_ring& keys) {
    forget_old(keys, now);
    return keys.add(now);
  });
}

} // namespace perron::runtime::tls
