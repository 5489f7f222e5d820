// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/request.hpp>
#include <perron/httpd/websocket/close_code.hpp>
#include <perron/httpd/websocket/message.hpp>
#include <perron/httpd/websocket/options.hpp>
#include <perron/httpd/websocket/protocol.hpp>
#include <perron/httpd/websocket/receiving.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/deadline.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/signals.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perron::httpd {

/// A WebSocket, in the handler of the request that asked for it:
///
///     httpd::response chat(httpd::request& r) {
///       httpd::websocket ws(r, {.max_message = 4096});
///       runtime::join_group("room");
///       while (ws.receive([&](httpd::ws_message m) { publish(m.data); },
///                         [&](const line& l) { ws.send(l.text); })) {
///       }
///       return ws.end();
///     }
///
/// The process keeps its stack while it waits, some 5 KB. For very many sockets that are mostly idle there is
/// serve_websocket (session.hpp), which keeps none. Not to be used by any other process, nor by one that
/// hibernates.
///
/// Ends: the close handshake, by whichever side, makes receive give false. A peer that vanishes without it,
/// that is silent for too long, or that takes nothing for write_time, ends the process as it does any request
/// (client_gone, slow_reader). An order to shut down, as of a server that drains, closes with 1001. When the
/// handler throws the peer gets 1011. Pings are answered and sent while the process is in receive.
class websocket {
public:
  /// Answers the handshake (RFC 6455 4.2). Throws http_error 400, 403, 405 or 426 if it is none. From now on
  /// exit signals do not end the process but the socket first; links to others have their usual effect.
  explicit websocket(request& r, const websocket_options& options = {});
  ~websocket();
  websocket(const websocket&) = delete;
  websocket& operator=(const websocket&) = delete;

  /// What was agreed on; empty: none.
  std::string_view subprotocol() const noexcept {
    return words_ ? std::string_view(words_->subprotocol) : std::string_view();
  }
  bool is_compressed() const noexcept { return protocol_.deflate() != nullptr; }

  /// Waits for a message of the peer or for mail, whichever comes first, and runs the clause for it; clauses
  /// are as in runtime::receive and give nothing. One takes ws_message by value or reference. False: the
  /// socket is closed, and no clause was run; see close_status(). While there is both, frames and mail take
  /// turns.
  template <class... Clauses>
  bool receive(Clauses&&... clauses);

  /// Sends a message; waits while the peer is slow. False: the socket is closed or closing, and it was not
  /// sent. Text has to be UTF-8, else std::invalid_argument.
  bool send(std::string_view text);
  bool send_binary(std::string_view bytes);
  bool send(const ws_message& m) { return m.is_text ? send(m.data) : send_binary(m.data); }
  bool send(const shared_frame& frame);

  /// Begins the close handshake; receive goes on taking mail until the peer has answered, or close_within is
  /// over. Messages of the peer are thrown away from now on. The reason is cut at 123 bytes.
  void close(std::uint16_t code = close_code::normal, std::string_view reason = {});

  /// Why it closed: the peer's code and reason, or what was wrong with what it sent; none_given before that
  /// or if it gave none, abnormal if it did not answer.
  std::uint16_t close_status() const noexcept { return status_; }
  std::string_view close_reason() const noexcept {
    return words_ ? std::string_view(words_->reason) : std::string_view();
  }

  /// To be returned by the handler. Closes with 1000 if that has not been done, and waits for the peer's
  /// close frame as long as close_within. After an order to shut down it ends the process with that reason.
  response end();

  // -- for serve_websocket

  enum class step : std::uint8_t { message, closed, nothing };
  /// The next of what is there, without waiting. After `nothing` no buffer is held, and news has been asked
  /// for: a mail that handle() takes will tell.
  step advance(ws_message& into);
  void handle(readable) noexcept;
  void handle(reminder);
  void handle(const runtime::exited& e);

private:
  struct opened;
  struct words {
    std::string subprotocol;
    std::string reason;
    runtime::exit_reason ordered; ///< to end, once the socket is closed
  };
  struct buffer {
    std::span<char> rest; ///< of what was read
    std::array<char, 8192> bytes;
  };
  words& say();
  static opened open(request& r, const websocket_options& options);
  websocket(opened made, const websocket_options& options);

  bool send_data(bool is_text, std::string_view data);
  void write(std::span<const std::string_view> parts);
  void write_control(rfc6455::opcode op, std::string_view payload);
  std::optional<step> take(rfc6455::event& e, ws_message& into);
  bool read();
  void send_close(std::uint16_t code, std::string_view reason);
  void over(std::uint16_t status, std::string_view reason);
  [[noreturn]] void gone();
  void arm(std::uint32_t ms);

  duplex peer_;
  rfc6455::protocol protocol_;
  std::unique_ptr<buffer> buffer_;             ///< only while there is something in it
  std::unique_ptr<words> words_;               ///< only if there are some
  runtime::deadline due_{runtime::no_timeout}; ///< of the pause, the pong or the close
  std::uint32_t fragment_bytes_;
  std::uint32_t ping_every_;
  std::uint32_t pong_within_;
  std::uint32_t close_within_;
  std::uint16_t status_ = close_code::none_given;
  bool ended_ = false;      ///< the socket is closed
  bool news_ = true;        ///< there may be something to read
  bool asked_ = false;      ///< for news
  bool heard_ = true;       ///< something came since the last tick
  bool pinged_ = false;     ///< and nothing came since
  bool busy_ = false;       ///< with reading or writing, or one of them failed
  bool has_order_ = false;  ///< words_->ordered is one
  bool mail_first_ = false; ///< a frame was last
};

template <class... Clauses>
bool websocket::receive(Clauses&&... clauses) {
  const auto until = detail::deadline_of(clauses...);
  for (;;) {
    if (mail_first_) {
      mail_first_ = false;
      if (detail::poll_mail(*this, clauses...))
        return true;
    }
    ws_message m;
    switch (advance(m)) {
    case step::message:
      mail_first_ = true;
      detail::run_frame_clause(m, clauses...);
      return true;
    case step::closed:
      return false;
    case step::nothing:
      if (detail::wait_for_mail(*this, until, clauses...))
        return true;
    }
  }
}

} // namespace perron::httpd
