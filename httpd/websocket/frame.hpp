// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace perron::httpd::rfc6455 {

enum class opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

constexpr bool is_control(opcode op) noexcept { return (static_cast<unsigned>(op) & 8U) != 0; }

/// The payload of a control frame is never longer (RFC 6455 5.5).
inline constexpr std::size_t max_control_payload = 125;

/// What stands before the payload of a frame (RFC 6455 5.2).
struct frame_head {
  bool fin = true;
  std::uint8_t reserved = 0; ///< RSV1 is 4, RSV2 is 2, RSV3 is 1
  opcode op = opcode::text;
  bool masked = false;
  std::array<char, 4> key{}; ///< of the mask, if masked
  std::uint64_t length = 0;  ///< of the payload

  friend bool operator==(const frame_head&, const frame_head&) = default;
};

/// Set on the first frame of a message that is compressed (RFC 7692 6).
inline constexpr std::uint8_t compressed_bit = 4;

struct head_found {
  enum class outcome : std::uint8_t { complete, need_more, bad };
  outcome how = outcome::need_more;
  std::size_t size = 0;  ///< of the head, if complete
  const char* what = ""; ///< what is wrong, if bad
};

/// Reads a frame's head from the front of `bytes`. Bad as soon as one byte shows it: reserved opcodes,
/// control frames that are fragmented or longer than 125 bytes, a length that is not in its shortest form or
/// has its highest bit set. Who may mask and what the reserved bits mean is not looked at here.
head_found parse_frame_head(std::string_view bytes, frame_head& into) noexcept;

inline constexpr std::size_t max_head_size = 14;

/// A head as bytes.
class head_bytes {
public:
  explicit head_bytes(const frame_head& head) noexcept;
  std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
  std::array<char, max_head_size> bytes_;
  std::uint8_t size_;
};

/// XORs `bytes` with the key, which begins at its byte `phase % 4`; the same again takes it off (RFC
/// 6455 5.3).
void apply_mask(std::span<char> bytes, const std::array<char, 4>& key, std::uint64_t phase = 0) noexcept;

/// Appends a whole frame; `head.length` is set to that of the payload, which is masked if the head says so.
/// For clients and tests: a server sends head and payload side by side without copying.
void append_frame(std::string& out, frame_head head, std::string_view payload);

} // namespace perron::httpd::rfc6455
