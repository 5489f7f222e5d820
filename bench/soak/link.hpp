// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/answer_reader.hpp>

#include <cstdint>

namespace perron::soak {

enum class link_state : std::uint8_t {
  closed,     ///< not begun yet, or ended for good
  connecting, ///< not accepted yet
  greeting,   ///< its first question is out
  open,       ///< an activity's
  broken      ///< to be opened again, later
};

/// One connection of a client process. A million of them cost 64 MB; what few of them need (bytes that are
/// not read or sent as a whole yet) is kept by `connections`, beside them.
struct link {
  int fd = -1;
  std::uint32_t generation = 0; ///< counts the sockets it has had
  std::uint32_t node = 0;       ///< OS pid of the server's process that has it; 0: not known
  std::uint32_t next = 0;       ///< number of the message that comes next
  std::int64_t since_ns = 0;    ///< when its present state began; in `open`: when its question was sent
  std::int64_t due_ns = 0;      ///< when that question was due
  answer_state answer{};
  std::uint8_t share = 0;
  link_state state = link_state::closed;
  std::uint8_t tries = 0; ///< in a row that did not open it
  bool asked = false;     ///< an answer is awaited
  bool listens = false;   ///< a publish would reach it
  bool shaking = false;   ///< its WebSocket is not there yet
  bool probed = false;    ///< the question that is out is a walk's
  bool narrow = false;    ///< with a small buffer for what it receives
  bool muted = false;     ///< bytes are left in the socket until its activity asks for them
  std::uint8_t step = 0;  ///< of its activity's own
  bool passes = false;    ///< of those who come and go: from other addresses
};

static_assert(sizeof(link) <= 64);

} // namespace perron::soak
