// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/websocket.hpp>

#include <perron/httpd/websocket/handshake.hpp>
#include <perron/httpd/websocket/utf8.hpp>
#include <perron/runtime/process.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <stdexcept>
#include <utility>

namespace perron::httpd {
namespace {

using rfc6455::event;
using rfc6455::opcode;

/// A server that stops gives its requests a second before it kills them.
constexpr std::uint32_t ordered_close_ms = 500;

std::uint32_t ms_of(std::chrono::milliseconds time) noexcept {
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.count(), 0, most));
}

/// What refusals have to say beside their status (RFC 9110 15.5.6 and 15.5.22, RFC 6455 4.4).
void explain(response& head) {
  if (head.status == status::upgrade_required) {
    head.headers.emplace_back("Upgrade", "websocket");
    head.headers.emplace_back("Sec-WebSocket-Version", "13");
  } else if (head.status == status::method_not_allowed) {
    head.headers.emplace_back("Allow", "GET");
  }
}

} // namespace

struct websocket::opened {
  duplex peer;
  std::unique_ptr<rfc6455::compression> deflate;
  std::string subprotocol;
};

websocket::opened websocket::open(request& r, const websocket_options& options) {
  auto found = rfc6455::check_handshake({r.method(), 1, r.headers()}, options.subprotocols, options.origins,
                                        options.deflate);
  if (!found.answer) {
    r.before_send(explain);
    throw http_error(found.refused.status, std::string(found.refused.why));
  }
  header_list fields{{"Sec-WebSocket-Accept", std::move(found.answer->accept)}};
  if (!found.answer->subprotocol.empty())
    fields.emplace_back("Sec-WebSocket-Protocol", found.answer->subprotocol);
  std::unique_ptr<rfc6455::compression> deflate;
  if (auto& agreed = found.answer->deflate) {
    fields.emplace_back("Sec-WebSocket-Extensions", std::move(agreed->field));
    deflate = std::make_unique<rfc6455::compression>(agreed->agreed, options.deflate);
  }
  return {r.upgrade("websocket", fields), std::move(deflate), std::move(found.answer->subprotocol)};
}

websocket::websocket(request& r, const websocket_options& options) : websocket(open(r, options), options) {}

websocket::websocket(opened made, const websocket_options& options)
    : peer_(std::move(made.peer)),
      protocol_(rfc6455::side::server, {options.max_message, options.max_message}, std::move(made.deflate)),
      fragment_bytes_(std::max<std::uint32_t>(options.fragment_bytes, 1)),
      ping_every_(ms_of(options.ping_every)), pong_within_(ms_of(options.pong_within)),
      close_within_(ms_of(options.close_within)) {
  if (!made.subprotocol.empty())
    say().subprotocol = std::move(made.subprotocol);
  runtime::trap_exit(true);
  if (ping_every_ != 0)
    arm(ping_every_);
}

websocket::words& websocket::say() {
  if (!words_)
    words_ = std::make_unique<words>();
  return *words_;
}

websocket::~websocket() {
  if (std::uncaught_exceptions() == 0 || ended_ || busy_ || protocol_.close_sent())
    return;
  try {
    send_close(close_code::internal_error, {});
    peer_.end();
  } catch (...) {
    // the peer has left, or the process was told to end: the connection is cut, and says it as well
  }
}

// -- what comes

websocket::step websocket::advance(ws_message& into) {
  while (!ended_) {
    std::span<char> none;
    event e = protocol_.next(buffer_ ? buffer_->rest : none);
    if (e.what_came != event::kind::need_more) {
      if (const auto found = take(e, into))
        return *found;
    } else if (!read()) {
      return ended_ ? step::closed : step::nothing;
    }
  }
  return step::closed;
}

/// Nothing: it is none of the handler's business.
std::optional<websocket::step> websocket::take(event& e, ws_message& into) {
  const bool open = !protocol_.close_sent();
  switch (e.what_came) {
  case event::kind::message:
    if (!open)
      break;
    into = {e.is_text, std::move(e.data)};
    return step::message;
  case event::kind::ping:
    if (open)
      write_control(opcode::pong, e.data);
    break;
  case event::kind::close:
    if (open)
      send_close(e.code, {});
    over(e.code, e.data);
    break;
  case event::kind::failed:
    if (open)
      send_close(e.code, e.what);
    over(e.code, e.what);
    break;
  case event::kind::pong:
  case event::kind::need_more:
    break;
  }
  return std::nullopt;
}

/// False: nothing is there now. No buffer is held then, and a mail will tell.
bool websocket::read() {
  if (news_) {
    if (buffer_ == nullptr)
      buffer_ = std::make_unique_for_overwrite<buffer>();
    std::array<char, 8192>& bytes = buffer_->bytes;
    busy_ = true;
    const auto n = peer_.try_read(bytes);
    busy_ = false;
    if (n == std::size_t(0)) {
      if (!protocol_.close_sent())
        gone();
      over(close_code::abnormal, {});
      return false;
    }
    // less than there was room for: what comes later is news
    news_ = n && *n == bytes.size();
    if (n) {
      heard_ = true;
      if (std::exchange(pinged_, false))
        arm(ping_every_);
      buffer_->rest = std::span(bytes).first(*n);
      return true;
    }
  }
  buffer_.reset();
  if (!std::exchange(asked_, true))
    peer_.notify();
  return false;
}

void websocket::handle(readable) noexcept {
  asked_ = false;
  news_ = true;
}

void websocket::handle(reminder) {
  if (ended_)
    return;
  if (!due_.is_over()) { // one that was asked for before
    peer_.remind(std::chrono::duration_cast<std::chrono::milliseconds>(due_.left()));
    return;
  }
  if (protocol_.close_sent()) {
    over(close_code::abnormal, {});
  } else if (std::exchange(heard_, false)) {
    arm(ping_every_);
  } else if (!std::exchange(pinged_, true)) {
    arm(pong_within_);
    write_control(opcode::ping, {});
  } else {
    gone();
  }
}

void websocket::handle(const runtime::exited& e) {
  using kind = runtime::exit_reason::kind;
  if (e.reason.what() == kind::normal || has_order_)
    return;
  has_order_ = true;
  say().ordered = e.reason;
  const bool orderly = e.reason.what() == kind::shutdown;
  if (!ended_ && !protocol_.close_sent()) {
    close_within_ = std::min(close_within_, ordered_close_ms);
    close(orderly ? close_code::going_away : close_code::internal_error);
  }
  if (!orderly) {
    peer_.end();
    runtime::exit(words_->ordered);
  }
}

// -- what goes out

bool websocket::send(std::string_view text) {
  if (!rfc6455::is_utf8(text))
    throw std::invalid_argument("perron: a WebSocket's text is not UTF-8");
  return send_data(true, text);
}

bool websocket::send_binary(std::string_view bytes) { return send_data(false, bytes); }

bool websocket::send_data(bool is_text, std::string_view data) {
  if (ended_ || protocol_.close_sent())
    return false;
  std::string scratch;
  rfc6455::each_frame(protocol_.prepare(is_text, data, scratch), fragment_bytes_,
                      [&](std::string_view head, std::string_view piece) {
                        write(std::array<std::string_view, 2>{head, piece});
                      });
  return true;
}

bool websocket::send(const shared_frame& frame) {
  if (ended_ || protocol_.close_sent())
    return false;
  const std::string_view bytes = frame.for_peer(protocol_);
  write({&bytes, 1});
  return true;
}

void websocket::write(std::span<const std::string_view> parts) {
  busy_ = true;
  peer_.write(parts);
  busy_ = false;
}

void websocket::write_control(opcode op, std::string_view payload) {
  const rfc6455::head_bytes head({.op = op, .length = payload.size()});
  write(std::array<std::string_view, 2>{head.view(), payload});
}

// -- its end

void websocket::close(std::uint16_t code, std::string_view reason) {
  if (ended_ || protocol_.close_sent())
    return;
  send_close(code, reason);
  pinged_ = false;
  arm(std::max<std::uint32_t>(close_within_, 1));
}

void websocket::send_close(std::uint16_t code, std::string_view reason) {
  protocol_.note_close_sent();
  write_control(opcode::close, rfc6455::protocol::close_payload(code, reason));
}

void websocket::over(std::uint16_t status, std::string_view reason) {
  ended_ = true;
  status_ = status;
  if (!reason.empty())
    say().reason = reason;
  buffer_.reset();
}

void websocket::gone() {
  over(close_code::abnormal, {});
  runtime::exit(runtime::exit_reason::client_gone());
}

void websocket::arm(std::uint32_t ms) {
  due_ = runtime::deadline(std::chrono::milliseconds(ms));
  peer_.remind(std::chrono::milliseconds(ms));
}

response websocket::end() {
  close(close_code::normal);
  ws_message unused;
  while (advance(unused) != step::closed)
    detail::receive_beside(*this);
  response r = peer_.end();
  if (has_order_)
    runtime::exit(words_->ordered);
  return r;
}

} // namespace perron::httpd
