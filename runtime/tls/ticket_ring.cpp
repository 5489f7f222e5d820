// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/ticket_ring.hpp>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>

namespace perron::runtime::tls {
namespace {

template <std::size_t N>
bool fill(std::array<unsigned char, N>& out) {
  return ::RAND_bytes(out.data(), static_cast<int>(N)) == 1;
}

} // namespace

ticket_key::~ticket_key() {
  ::OPENSSL_cleanse(cipher.data(), cipher.size());
  ::OPENSSL_cleanse(mac.data(), mac.size());
}

bool ticket_ring::add(time_point now) {
  entry made{{}, now};
  if (!fill(made.key.name) || !fill(made.key.cipher) || !fill(made.key.mac)) {
    ::ERR_clear_error();
    return false;
  }
  if (count_ == most)
    drop(1);
  entries_[count_] = made;
  ++count_;
  return true;
}

void ticket_ring::forget(time_point until) noexcept {
  const auto old = all();
  drop(static_cast<std::size_t>(
      std::find_if(old.begin(), old.end(), [&](const entry& e) { return e.made > until; }) - old.begin()));
}

void ticket_ring::drop(std::size_t oldest) noexcept {
  if (oldest == 0)
    return;
  std::copy(entries_.begin() + static_cast<std::ptrdiff_t>(oldest),
            entries_.begin() + static_cast<std::ptrdiff_t>(count_), entries_.begin());
  for (std::size_t i = count_ - oldest; i < count_; ++i)
    ::OPENSSL_cleanse(&entries_[i], sizeof(entry));
  count_ -= oldest;
}

} // namespace perron::runtime::tls
