// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/ticket_keys.hpp>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstddef>

namespace perron::runtime::tls {
namespace {

/// However often somebody asks for a change.
constexpr std::size_t most_keys = 64;

template <std::size_t N>
bool fill(std::array<unsigned char, N>& out) {
  return ::RAND_bytes(out.data(), static_cast<int>(N)) == 1;
}

} // namespace

ticket_key::~ticket_key() {
  ::OPENSSL_cleanse(cipher.data(), cipher.size());
  ::OPENSSL_cleanse(mac.data(), mac.size());
}

std::optional<ticket_key> ticket_keys::current(time_point now) {
  const std::lock_guard hold(mutex_);
  if (keys_.empty() || now - keys_.back().made >= key_time_)
    add(now);
  if (keys_.empty())
    return std::nullopt;
  return keys_.back().key;
}

std::optional<ticket_keys::found> ticket_keys::find(std::span<const unsigned char, 16> name, time_point now) {
  const std::lock_guard hold(mutex_);
  forget_old(now);
  for (const entry& e : keys_)
    if (std::ranges::equal(e.key.name, name))
      return found{e.key, &e == &keys_.back()};
  return std::nullopt;
}

bool ticket_keys::change(time_point now) {
  const std::lock_guard hold(mutex_);
  return add(now);
}

bool ticket_keys::add(time_point now) {
  forget_old(now);
  if (keys_.size() == most_keys)
    keys_.erase(keys_.begin());
  entry made;
  made.made = now;
  if (!fill(made.key.name) || !fill(made.key.cipher) || !fill(made.key.mac)) {
    ::ERR_clear_error();
    return false;
  }
  keys_.push_back(made);
  return true;
}

void ticket_keys::forget_old(time_point now) {
  std::erase_if(keys_, [&](const entry& e) { return now - e.made >= key_time_ + lifetime_; });
}

} // namespace perron::runtime::tls
