// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/websocket/close_code.hpp>
#include <perron/httpd/websocket/compression.hpp>
#include <perron/httpd/websocket/frame.hpp>
#include <perron/httpd/websocket/utf8.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace perron::httpd::rfc6455 {

enum class side : std::uint8_t { server, client };

/// Bytes. A frame that would be longer is refused at its head, a message as soon as it is.
struct protocol_limits {
  std::uint32_t max_frame = 1U << 20U;
  std::uint32_t max_message = 1U << 20U;
};

/// What a peer's bytes come to.
struct event {
  enum class kind : std::uint8_t {
    need_more, ///< the bytes are used up
    message,   ///< a whole one: `is_text`, `data`
    ping,      ///< `data` is to be sent back in a pong, unless a close frame has been sent
    pong,      ///< `data`
    close, ///< the peer's close frame: `code`, and its reason as `data`; to be answered with the same code
    failed ///< the peer breaks the rules: to be told by a close frame with `code` and `what`
  };
  kind what_came = kind::need_more;
  bool is_text = false;
  std::uint16_t code = 0;
  std::string data{};
  const char* what = ""; ///< of failed
};

/// One side's view of a WebSocket behind its handshake, as a state machine: the peer's bytes in, events out;
/// and what is to be sent as frames. Knows no socket and no clock. Small while no message is under way: what
/// a message needs is made for it. Any one thread at a time.
///
///     for (std::span<char> rest = received;;) {
///       const event e = peer.next(rest);
///       if (e.what_came == event::kind::need_more)
///         break;
///       ...
///     }
class protocol {
public:
  explicit protocol(side own, const protocol_limits& limits = {},
                    std::unique_ptr<compression> deflate = {}) noexcept
      : limits_(limits), deflate_(std::move(deflate)), own_(own) {}

  /// Takes bytes off the front of `bytes`, up to the next event. They are unmasked in place. After close and
  /// failed all that comes is thrown away. A message costs one allocation if it is one frame that is there as
  /// a whole, else it is gathered, with a buffer that grows as its bytes come and not as its head promises.
  event next(std::span<char>& bytes);

  /// A message as it goes out: its payload, compressed into `scratch` where that was agreed and pays.
  struct outgoing {
    frame_head head; ///< of its first frame, as if that were its only one
    std::string_view payload;
  };
  outgoing prepare(bool is_text, std::string_view data, std::string& scratch);

  /// The payload of a close frame. A reason that is too long for it is cut, between two characters.
  static std::string close_payload(std::uint16_t code, std::string_view reason);

  /// Notes that this side has sent its close frame: no frame may follow it (5.5.1).
  void note_close_sent() noexcept { close_sent_ = true; }
  bool close_sent() const noexcept { return close_sent_; }
  /// Whether the peer has sent its own, or has failed.
  bool is_over() const noexcept { return over_; }
  /// Whether a message or a frame has begun and not ended.
  bool is_inside_message() const noexcept { return message_ != nullptr || inside_frame_ || kept_ != 0; }

  const compression* deflate() const noexcept { return deflate_.get(); }
  compression* deflate() noexcept { return deflate_.get(); }

private:
  /// A data message that is not complete.
  struct message {
    std::string data;
    utf8_check utf8;
    bool is_text = false;
    bool is_compressed = false;
  };

  bool read_head(std::span<char>& bytes, event& e);
  bool begin_frame(event& e);
  void take_piece(std::span<char> piece, event& e);
  void end_frame(event& e);
  void end_control(event& e);
  void end_message(event& e);
  void take_close(event& e);
  void fail(event& e, std::uint16_t code, const char* what) noexcept;
  void note(inflater::outcome how, event& e) noexcept;

  protocol_limits limits_;
  std::uint64_t left_ = 0; ///< of the payload of the frame under way
  frame_head head_;        ///< of the frame under way
  std::unique_ptr<message> message_;
  std::unique_ptr<std::string> control_; ///< payload of the control frame under way, if it has some
  std::unique_ptr<compression> deflate_;
  std::array<char, max_head_size> kept_head_{}; ///< the part of a head that has come
  std::uint8_t kept_ = 0;
  side own_;
  bool inside_frame_ = false;
  bool close_sent_ = false;
  bool over_ = false;
};

/// Calls `write(head, piece)` for each frame of a message: one, or as many as it takes if its payload is
/// longer than `at_most` bytes. For the sides that do not mask.
template <class Write>
void each_frame(const protocol::outgoing& message, std::size_t at_most, Write&& write) {
  frame_head head = message.head;
  std::string_view rest = message.payload;
  do {
    const std::string_view piece = rest.substr(0, at_most);
    rest.remove_prefix(piece.size());
    head.fin = rest.empty();
    head.length = piece.size();
    write(head_bytes(head).view(), piece);
    head.op = opcode::continuation;
    head.reserved = 0;
  } while (!rest.empty());
}

} // namespace perron::httpd::rfc6455
