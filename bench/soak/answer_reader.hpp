// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace perron::soak {

/// Where in an HTTP/1.1 answer a connection is: 16 bytes, so that a million of them cost little. Heads and
/// sizes of chunks are read only when they are there as a whole; the caller keeps what is not used yet.
struct answer_state {
  enum class place : std::uint8_t { head, body, until_close, chunk_size, chunk, chunk_end, trailer };

  std::uint64_t left = 0;   ///< bytes of the body, or of the chunk
  std::uint16_t status = 0; ///< once the head has been read
  place at = place::head;
  bool closes = false; ///< the server closes the connection behind this answer
};

struct answer_step {
  std::size_t used = 0;    ///< bytes of the input that are done with
  std::string_view body{}; ///< a piece of the body, without framing
  bool whole = false; ///< the answer ends here; the state is that of the next one, with status and closes
                      ///< of this one
  const char* wrong = nullptr; ///< not HTTP: the connection is of no use any more
};

/// Longer heads are refused.
inline constexpr std::size_t most_head = 16'384;

/// The next step through `input`, the bytes that are not used yet. Nothing used, not whole and not wrong:
/// more bytes are needed. 1xx answers but 101 are skipped. Takes Content-Length and chunked bodies, and those
/// that end with the connection (RFC 9112, 6.3). Allocates nothing.
answer_step next_step(answer_state& state, std::string_view input);

} // namespace perron::soak
