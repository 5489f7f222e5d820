// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/frame.hpp>

#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace perron::httpd::rfc6455 {
namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t sixteen_bits = 126;
constexpr std::uint8_t sixty_four_bits = 127;

constexpr bool is_known(unsigned op) noexcept { return op <= 2 || (op >= 8 && op <= 10); }

std::uint64_t big_endian(std::string_view bytes) noexcept {
  std::uint64_t value = 0;
  for (const char c : bytes)
    value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

constexpr head_found bad(const char* what) noexcept { return {head_found::outcome::bad, 0, what}; }
constexpr head_found need_more() noexcept { return {}; }

} // namespace

head_found parse_frame_head(std::string_view bytes, frame_head& into) noexcept {
  if (bytes.empty())
    return need_more();
  const auto first = static_cast<std::uint8_t>(bytes[0]);
  const unsigned op = first & 0x0fU;
  if (!is_known(op))
    return bad("the opcode is reserved");
  into.fin = (first & fin_bit) != 0;
  into.reserved = static_cast<std::uint8_t>((first >> 4U) & 7U);
  into.op = static_cast<opcode>(op);
  if (is_control(into.op) && !into.fin)
    return bad("a control frame is fragmented");
  if (bytes.size() < 2)
    return need_more();
  const auto second = static_cast<std::uint8_t>(bytes[1]);
  into.masked = (second & mask_bit) != 0;
  into.length = second & 0x7fU;
  if (is_control(into.op) && into.length > max_control_payload)
    return bad("a control frame is longer than 125 bytes");
  std::size_t at = 2;
  if (into.length >= sixteen_bits) {
    const bool wide = into.length == sixty_four_bits;
    const std::size_t width = wide ? 8 : 2;
    if (bytes.size() < at + width)
      return need_more();
    into.length = big_endian(bytes.substr(at, width));
    at += width;
    if (into.length >> 63U != 0)
      return bad("a length has its highest bit set");
    if (wide ? into.length <= 0xffff : into.length < sixteen_bits)
      return bad("a length is not in its shortest form");
  }
  if (into.masked) {
    if (bytes.size() < at + into.key.size())
      return need_more();
    std::memcpy(into.key.data(), bytes.data() + at, into.key.size());
    at += into.key.size();
  }
  return {head_found::outcome::complete, at, ""};
}

head_bytes::head_bytes(const frame_head& head) noexcept {
  const auto put = [&](std::size_t at, std::uint64_t value) {
    bytes_[at] = static_cast<char>(value & 0xffU);
  };
  put(0, (head.fin ? fin_bit : 0U) | static_cast<unsigned>(head.reserved) << 4U |
             static_cast<unsigned>(head.op));
  const unsigned masked = head.masked ? mask_bit : 0U;
  std::size_t size = 2;
  if (head.length < sixteen_bits) {
    put(1, masked | head.length);
  } else {
    const std::size_t width = head.length <= 0xffff ? 2 : 8;
    put(1, masked | (width == 2 ? sixteen_bits : sixty_four_bits));
    for (std::size_t i = 0; i < width; ++i)
      put(size + i, head.length >> (8 * (width - 1 - i)));
    size += width;
  }
  if (head.masked) {
    std::memcpy(bytes_.data() + size, head.key.data(), head.key.size());
    size += head.key.size();
  }
  size_ = static_cast<std::uint8_t>(size);
}

void apply_mask(std::span<char> bytes, const std::array<char, 4>& key, std::uint64_t phase) noexcept {
  std::array<char, 8> turned;
  for (std::size_t i = 0; i < turned.size(); ++i)
    turned[i] = key[(phase + i) % 4];
  std::uint64_t word = 0;
  std::memcpy(&word, turned.data(), sizeof word);
  char* at = bytes.data();
  char* const end = at + bytes.size();
#ifdef __SSE2__
  const __m128i wide = _mm_set1_epi64x(static_cast<long long>(word));
  for (; end - at >= 16; at += 16) {
    auto* block = reinterpret_cast<__m128i*>(at);
    _mm_storeu_si128(block, _mm_xor_si128(_mm_loadu_si128(block), wide));
  }
#endif
  for (; end - at >= 8; at += 8) {
    std::uint64_t piece = 0;
    std::memcpy(&piece, at, sizeof piece);
    piece ^= word;
    std::memcpy(at, &piece, sizeof piece);
  }
  for (std::size_t i = 0; at != end; ++at, ++i)
    *at = static_cast<char>(*at ^ turned[i]);
}

void append_frame(std::string& out, frame_head head, std::string_view payload) {
  head.length = payload.size();
  out += head_bytes(head).view();
  const std::size_t from = out.size();
  out += payload;
  if (head.masked)
    apply_mask(std::span(out).subspan(from), head.key);
}

} // namespace perron::httpd::rfc6455
