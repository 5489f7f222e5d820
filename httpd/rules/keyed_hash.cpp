// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/keyed_hash.hpp>

#include <perron/runtime/core/random.hpp>

#include <bit>
#include <cstddef>

namespace perron::httpd::core {
namespace {

struct sip_state {
  std::uint64_t a, b, c, d;

  void round() noexcept {
    a += b;
    c += d;
    b = std::rotl(b, 13) ^ a;
    d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32);
    c += b;
    a += d;
    b = std::rotl(b, 17) ^ c;
    d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  }
  void take(std::uint64_t word) noexcept {
    d ^= word;
    round();
    round();
    a ^= word;
  }
};

/// Up to eight bytes, the first one lowest.
std::uint64_t word_of(std::string_view bytes) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    word |= std::uint64_t(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return word;
}

} // namespace

std::array<std::uint64_t, 2> new_hash_key() {
  return {runtime::core::random_secret(), runtime::core::random_secret()};
}

std::uint64_t keyed_hash(const std::array<std::uint64_t, 2>& key, std::string_view text) noexcept {
  sip_state s{key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU, key[0] ^ 0x6c7967656e657261U,
              key[1] ^ 0x7465646279746573U};
  const std::uint64_t size = text.size();
  for (; text.size() >= 8; text.remove_prefix(8))
    s.take(word_of(text.substr(0, 8)));
  s.take(word_of(text) | size << 56);
  s.c ^= 0xff;
  for (int i = 0; i < 4; ++i)
    s.round();
  return s.a ^ s.b ^ s.c ^ s.d;
}

} // namespace perron::httpd::core
