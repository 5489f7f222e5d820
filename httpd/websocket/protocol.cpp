// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/protocol.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace perron::httpd::rfc6455 {
namespace {

/// What a message's buffer may be given before a byte of it has come.
constexpr std::uint64_t trusted_bytes = 64 * 1024;

std::string_view text_of(std::span<char> bytes) noexcept { return {bytes.data(), bytes.size()}; }

bool is_data(opcode op) noexcept { return op == opcode::text || op == opcode::binary; }

} // namespace

event protocol::next(std::span<char>& bytes) {
  event e;
  while (e.what_came == event::kind::need_more) {
    if (over_) {
      bytes = {};
      break;
    }
    if (!inside_frame_) {
      if (!read_head(bytes, e))
        break;
      if (!begin_frame(e))
        continue;
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    const auto piece = bytes.first(size);
    bytes = bytes.subspan(size);
    if (head_.masked)
      apply_mask(piece, head_.key, head_.length - left_);
    left_ -= size;
    take_piece(piece, e);
    if (e.what_came != event::kind::need_more || left_ != 0)
      break;
    end_frame(e);
  }
  return e;
}

/// False: it has not all come, or is bad.
bool protocol::read_head(std::span<char>& bytes, event& e) {
  if (bytes.empty())
    return false;
  head_found found;
  if (kept_ == 0) {
    found = parse_frame_head(text_of(bytes), head_);
    if (found.how == head_found::outcome::complete)
      bytes = bytes.subspan(found.size);
  } else {
    const std::size_t more = std::min(bytes.size(), kept_head_.size() - kept_);
    std::memcpy(kept_head_.data() + kept_, bytes.data(), more);
    found = parse_frame_head({kept_head_.data(), kept_ + more}, head_);
    if (found.how == head_found::outcome::complete)
      bytes = bytes.subspan(found.size - std::exchange(kept_, std::uint8_t(0)));
  }
  if (found.how == head_found::outcome::bad) {
    fail(e, close_code::protocol_error, found.what);
  } else if (found.how == head_found::outcome::need_more) {
    // shorter than the longest head, or it would be complete
    std::memcpy(kept_head_.data() + kept_, bytes.data(), bytes.size());
    kept_ = static_cast<std::uint8_t>(kept_ + bytes.size());
    bytes = {};
  }
  return found.how == head_found::outcome::complete;
}

/// What a frame's head says for itself is right; whether it may stand here. False: it may not.
bool protocol::begin_frame(event& e) {
  const bool data = is_data(head_.op);
  const bool may_compress = data && deflate_ != nullptr;
  if (head_.masked != (own_ == side::server))
    fail(e, close_code::protocol_error,
         own_ == side::server ? "a client's frame is not masked" : "a server's frame is masked");
  else if ((head_.reserved & ~(may_compress ? compressed_bit : 0U)) != 0)
    fail(e, close_code::protocol_error, "a reserved bit is set");
  else if (data && message_)
    fail(e, close_code::protocol_error, "a message begins inside another");
  else if (head_.op == opcode::continuation && !message_)
    fail(e, close_code::protocol_error, "a continuation continues nothing");
  else if (head_.length > limits_.max_frame)
    fail(e, close_code::too_big, "the frame is too big");
  if (e.what_came == event::kind::failed)
    return false;
  if (data) {
    message_ = std::make_unique<message>();
    message_->is_text = head_.op == opcode::text;
    message_->is_compressed = head_.reserved != 0;
  }
  if (!is_control(head_.op) && !message_->is_compressed) {
    if (head_.length > limits_.max_message - message_->data.size()) {
      fail(e, close_code::too_big, "the message is too big");
      return false;
    }
    if (data)
      message_->data.reserve(static_cast<std::size_t>(std::min(head_.length, trusted_bytes)));
  }
  left_ = head_.length;
  inside_frame_ = true;
  return true;
}

void protocol::take_piece(std::span<char> piece, event& e) {
  const std::string_view bytes = text_of(piece);
  if (is_control(head_.op)) {
    if (!control_ && !bytes.empty())
      control_ = std::make_unique<std::string>();
    if (control_)
      *control_ += bytes;
    return;
  }
  std::string& data = message_->data;
  const std::size_t before = data.size();
  if (message_->is_compressed) {
    const auto how = deflate_->inflate(bytes, data, limits_.max_message);
    if (how != inflater::outcome::good) {
      note(how, e);
      return;
    }
  } else {
    data += bytes;
  }
  if (message_->is_text && !message_->utf8.feed(std::string_view(data).substr(before)))
    fail(e, close_code::bad_data, "the text is not UTF-8");
}

void protocol::end_frame(event& e) {
  inside_frame_ = false;
  if (is_control(head_.op))
    end_control(e);
  else if (head_.fin)
    end_message(e);
}

void protocol::end_message(event& e) {
  const std::unique_ptr<message> whole = std::move(message_);
  if (whole->is_compressed) {
    const std::size_t before = whole->data.size();
    note(deflate_->finish(whole->data, limits_.max_message), e);
    if (whole->is_text && !whole->utf8.feed(std::string_view(whole->data).substr(before)))
      fail(e, close_code::bad_data, "the text is not UTF-8");
  }
  if (whole->is_text && !whole->utf8.at_boundary())
    fail(e, close_code::bad_data, "the text ends inside a character");
  if (e.what_came == event::kind::failed)
    return;
  e.what_came = event::kind::message;
  e.is_text = whole->is_text;
  e.data = std::move(whole->data);
}

void protocol::end_control(event& e) {
  if (const std::unique_ptr<std::string> payload = std::move(control_))
    e.data = std::move(*payload);
  if (head_.op == opcode::close)
    take_close(e);
  else
    e.what_came = head_.op == opcode::ping ? event::kind::ping : event::kind::pong;
}

void protocol::take_close(event& e) {
  if (e.data.size() == 1) {
    fail(e, close_code::protocol_error, "half a close code");
    return;
  }
  e.code = close_code::none_given;
  if (!e.data.empty()) {
    e.code = static_cast<std::uint16_t>(static_cast<unsigned char>(e.data[0]) << 8U |
                                        static_cast<unsigned char>(e.data[1]));
    e.data.erase(0, 2);
    if (!close_code::may_be_sent(e.code)) {
      fail(e, close_code::protocol_error, "a close code that nobody may send");
      return;
    }
    if (!is_utf8(e.data)) {
      fail(e, close_code::bad_data, "the reason is not UTF-8");
      return;
    }
  }
  e.what_came = event::kind::close;
  over_ = true;
  message_.reset();
}

void protocol::note(inflater::outcome how, event& e) noexcept {
  if (how == inflater::outcome::bad)
    fail(e, close_code::bad_data, "the message does not inflate");
  else if (how == inflater::outcome::too_big)
    fail(e, close_code::too_big, "the message is too big");
}

/// The first fault is the one that counts.
void protocol::fail(event& e, std::uint16_t code, const char* what) noexcept {
  over_ = true;
  message_.reset();
  if (e.what_came == event::kind::failed)
    return;
  e = {};
  e.what_came = event::kind::failed;
  e.code = code;
  e.what = what;
}

protocol::outgoing protocol::prepare(bool is_text, std::string_view data, std::string& scratch) {
  outgoing made{{.op = is_text ? opcode::text : opcode::binary}, data};
  if (deflate_ && deflate_->pays_for(data.size())) {
    scratch.clear();
    deflate_->compress(data, scratch);
    made.head.reserved = compressed_bit;
    made.payload = scratch;
  }
  made.head.length = made.payload.size();
  return made;
}

std::string protocol::close_payload(std::uint16_t code, std::string_view reason) {
  std::string out;
  if (!close_code::may_be_sent(code))
    return out;
  out += static_cast<char>(code >> 8U);
  out += static_cast<char>(code & 0xffU);
  std::size_t size = std::min(reason.size(), max_control_payload - out.size());
  while (size != 0 && size < reason.size() && (static_cast<unsigned char>(reason[size]) & 0xc0U) == 0x80)
    --size;
  return out += reason.substr(0, size);
}

} // namespace perron::httpd::rfc6455
