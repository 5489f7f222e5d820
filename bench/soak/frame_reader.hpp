// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace perron::soak {

enum class opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// A frame as a server sends it (RFC 6455, 5.2), with its payload where it was received.
struct frame {
  std::size_t used = 0; ///< bytes of the input that it takes; 0: more are needed, or it is wrong
  opcode kind = opcode::text;
  bool last = true; ///< of its message
  std::string_view payload{};
  const char* wrong = nullptr;
};

/// Longer frames are refused.
inline constexpr std::size_t most_frame = 1U << 20U;

/// The frame that `input` begins with. Extensions are not spoken, so reserved bits are wrong.
frame read_frame(std::string_view input);

/// A whole message as a client sends it. The mask is zero: it is there, and costs the server what others
/// cost.
std::string make_frame(opcode kind, std::string_view payload);

/// The code of a close frame; 1005 when it has none (7.1.5).
std::uint16_t close_code(std::string_view payload);

} // namespace perron::soak
