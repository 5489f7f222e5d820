// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

// Character classes of RFC 9110 5.5 and 5.6.2, and the searches that request and response heads share.
namespace perron::httpd::http1::detail {

/// tchar of RFC 9110 5.6.2: what method and field names are made of.
inline constexpr auto token_table = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view{"!#$%&'*+-.^_`|~0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"})
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

constexpr bool is_token_char(char c) noexcept { return token_table[static_cast<unsigned char>(c)]; }
/// token (RFC 9110 5.6.2): at least one such character, and no other.
constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

/// A control character other than HTAB: it has no place in a field value (RFC 9110 5.5), and CR is one.
constexpr bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

#ifdef __SSE2__
/// The same for 1 to 15 bytes with nothing readable before them: two halves that overlap.
template <class Word, class Bad>
const char* find_in_halves(const char* at, const char* end, Bad bad) noexcept {
  Word halves[2];
  std::memcpy(&halves[0], at, sizeof(Word));
  std::memcpy(&halves[1], end - sizeof(Word), sizeof(Word));
  __m128i block;
  if constexpr (sizeof(Word) == 8)
    block = _mm_set_epi64x(static_cast<long long>(halves[1]), static_cast<long long>(halves[0]));
  else
    block = _mm_set_epi32(0, 0, static_cast<int>(halves[1]), static_cast<int>(halves[0]));
  const unsigned mask = bad(block);
  constexpr unsigned low = (1U << sizeof(Word)) - 1;
  if ((mask & low) != 0)
    return at + std::countr_zero(mask & low);
  const unsigned high = (mask >> sizeof(Word)) & low;
  return high != 0 ? end - sizeof(Word) + std::countr_zero(high) : end;
}

/// The first byte in [at, end) for which `bad` is set, where `bad(block)` gives a bit for each of 16 bytes.
/// The last block overlaps the one before it instead of going byte by byte; [floor, end) is readable.
template <class Bad>
const char* find_in_blocks(const char* at, const char* end, const char* floor, Bad bad) noexcept {
  const auto load = [](const char* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); };
  for (; end - at >= 16; at += 16)
    if (const unsigned mask = bad(load(at)))
      return at + std::countr_zero(mask);
  if (at == end)
    return end;
  if (end - floor >= 16) {
    const auto done = at - (end - 16);
    const unsigned mask = bad(load(end - 16)) >> done;
    return mask ? at + std::countr_zero(mask) : end;
  }
  if (end - at >= 8)
    return find_in_halves<std::uint64_t>(at, end, bad);
  if (end - at >= 4)
    return find_in_halves<std::uint32_t>(at, end, bad);
  for (; at != end; ++at)
    if ((bad(_mm_cvtsi32_si128(static_cast<unsigned char>(*at))) & 1U) != 0)
      return at;
  return end;
}

inline unsigned bits(__m128i flags) noexcept { return static_cast<unsigned>(_mm_movemask_epi8(flags)); }
#endif

/// The first control character in [at, end), or `end`. [floor, end) is readable, floor <= at.
inline const char* find_control(const char* at, const char* end, const char* floor) noexcept {
#ifdef __SSE2__
  return find_in_blocks(at, end, floor, [](__m128i bytes) {
    const auto low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const auto tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    const auto del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    return bits(_mm_or_si128(_mm_andnot_si128(tab, low), del));
  });
#else
  static_cast<void>(floor);
  while (at != end && !is_control(*at))
    ++at;
  return at;
#endif
}

/// The first byte in [at, end) that is no token character, or `end`. [floor, end) is readable, floor <= at.
inline const char* find_token_end(const char* at, const char* end, const char* floor) noexcept {
#ifdef __SSE2__
  // Letters and '-' block by block, which is all of nearly every field name; what else a token may hold is
  // left to the table.
  at = find_in_blocks(at, end, floor, [](__m128i bytes) {
    const auto from_a = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    const auto letter = _mm_cmpeq_epi8(_mm_min_epu8(from_a, _mm_set1_epi8(25)), from_a);
    const auto dash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-'));
    return bits(_mm_or_si128(letter, dash)) ^ 0xffff;
  });
#else
  static_cast<void>(floor);
#endif
  while (at != end && is_token_char(*at))
    ++at;
  return at;
}

/// The first byte in [at, end) that cannot stand in a request target: blanks, controls, '#', and bytes above
/// 0x7e, which a URI percent-encodes (RFC 3986 2). [floor, end) is readable, floor <= at.
inline const char* find_target_end(const char* at, const char* end, const char* floor) noexcept {
#ifdef __SSE2__
  return find_in_blocks(at, end, floor, [](__m128i bytes) {
    const auto above_space = _mm_cmpgt_epi8(bytes, _mm_set1_epi8(' ')); // signed, so 0x80 and up fail it too
    const auto hash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#'));
    const auto del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    return bits(_mm_andnot_si128(_mm_or_si128(hash, del), above_space)) ^ 0xffff;
  });
#else
  static_cast<void>(floor);
  const auto good = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte < 0x7f && byte != '#';
  };
  while (at != end && good(*at))
    ++at;
  return at;
#endif
}

/// The first byte in [at, end) that keeps a path from being taken as it is, or may: '%', '.', '?' and all
/// that is not printable ASCII. [floor, end) is readable, floor <= at.
inline const char* find_special_in_path(const char* at, const char* end, const char* floor) noexcept {
#ifdef __SSE2__
  return find_in_blocks(at, end, floor, [](__m128i bytes) {
    const auto plain = _mm_cmpgt_epi8(bytes, _mm_set1_epi8(0x1f)); // signed, so 0x80 and up fail it too
    const auto percent = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('%'));
    const auto dot = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'));
    const auto mark = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('?'));
    const auto del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    const auto special = _mm_or_si128(_mm_or_si128(percent, dot), _mm_or_si128(mark, del));
    return bits(_mm_andnot_si128(special, plain)) ^ 0xffff;
  });
#else
  static_cast<void>(floor);
  const auto special = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '%' || c == '.' || c == '?' || byte < 0x20 || byte > 0x7e;
  };
  while (at != end && !special(*at))
    ++at;
  return at;
#endif
}

} // namespace perron::httpd::http1::detail
