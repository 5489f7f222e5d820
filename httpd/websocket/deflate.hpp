// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace perron::httpd::rfc6455 {

/// What both sides of a connection agreed on (RFC 7692 7.1). "Send" is this side's direction. A window of n
/// bits holds 2^n bytes.
struct deflate_agreement {
  std::uint8_t send_window_bits = 15;    ///< at most so many are used: 9 to 15
  std::uint8_t receive_window_bits = 15; ///< the peer uses at most so many: 8 to 15
  bool send_takeover = true;             ///< a message may refer to the messages before it
  bool receive_takeover = true;

  friend bool operator==(const deflate_agreement&, const deflate_agreement&) = default;
};

/// Compresses messages for permessage-deflate. The context, some 2^(bits + 2) + 2^(memory + 9) bytes and 6
/// KB, is made by the constructor. Any one thread at a time.
class deflater {
public:
  /// Bits 9 to 15, memory 1 to 9 and level 0 to 9 as zlib means them. Throws std::bad_alloc.
  deflater(int window_bits, int memory_level, int level);
  ~deflater();
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;

  /// Appends a message's payload as RFC 7692 7.2.1 wants it. Costs some 20 ns a byte at level 6, 5 at 1.
  void compress(std::string_view message, std::string& out);
  /// Forgets what went before: the next message does not refer to it.
  void forget() noexcept;

private:
  std::unique_ptr<z_stream_s> stream_;
};

/// The other way. Holds 7 KB, and the window once a message needs it. Any one thread at a time.
class inflater {
public:
  enum class outcome : std::uint8_t { good, bad, too_big };

  explicit inflater(int window_bits);
  ~inflater();
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  /// Appends what the next piece of a message's payload stands for. Stops with too_big when `out` would be
  /// longer than `limit`, whatever the piece promises: a small message cannot fill the memory.
  outcome inflate(std::string_view piece, std::string& out, std::size_t limit);
  /// The message's last piece has been given (RFC 7692 7.2.2).
  outcome finish(std::string& out, std::size_t limit);
  void forget() noexcept;

private:
  bool go_on_after_last_block();

  std::unique_ptr<z_stream_s> stream_;
};

} // namespace perron::httpd::rfc6455
