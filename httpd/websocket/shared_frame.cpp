// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/message.hpp>

#include <perron/httpd/websocket/protocol.hpp>

#include <mutex>
#include <stdexcept>

namespace perron::httpd {

/// | field        | who may touch it                                                                   |
/// |--------------|------------------------------------------------------------------------------------|
/// | plain, head  | written before it is shared, then read by any thread                                |
/// | packed, bits | the thread inside `once`; read by any after it                                      |
struct shared_frame::content {
  std::string plain; ///< the frame
  std::size_t head = 0;
  mutable std::once_flag once;
  mutable std::string packed; ///< the frame with the message compressed
  mutable std::uint8_t bits = 0;
};

shared_frame::shared_frame(bool is_text, std::string_view data) {
  using namespace rfc6455;
  const head_bytes head({.op = is_text ? opcode::text : opcode::binary, .length = data.size()});
  auto made = std::make_shared<content>();
  made->plain.reserve(head.view().size() + data.size());
  made->plain.append(head.view()).append(data);
  made->head = head.view().size();
  content_ = std::move(made);
}

shared_frame shared_frame::text(std::string_view message) {
  if (!rfc6455::is_utf8(message))
    throw std::invalid_argument("perron: a WebSocket's text is not UTF-8");
  return {true, message};
}

shared_frame shared_frame::binary(std::string_view bytes) { return {false, bytes}; }

std::string_view shared_frame::data() const noexcept {
  return std::string_view(content_->plain).substr(content_->head);
}

std::string_view shared_frame::for_peer(rfc6455::protocol& peer) const {
  rfc6455::compression* const agreed = peer.deflate();
  if (agreed == nullptr || !agreed->pays_for(data().size()))
    return content_->plain;
  std::call_once(content_->once, [&] {
    std::string payload;
    agreed->compress_alone(data(), payload);
    const auto op = static_cast<rfc6455::opcode>(content_->plain[0] & 0x0f);
    rfc6455::append_frame(content_->packed, {.reserved = rfc6455::compressed_bit, .op = op}, payload);
    content_->bits = agreed->agreed().send_window_bits;
  });
  if (content_->bits > agreed->agreed().send_window_bits)
    return content_->plain;
  // it was not made with this peer's context, which therefore begins anew
  agreed->forget_sent();
  return content_->packed;
}

} // namespace perron::httpd
