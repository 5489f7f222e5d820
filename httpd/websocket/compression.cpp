// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/compression.hpp>

namespace perron::httpd::rfc6455 {

void compression::compress(std::string_view message, std::string& out) {
  if (!deflater_)
    deflater_ = std::make_unique<deflater>(agreed_.send_window_bits, memory_level_, level_);
  deflater_->compress(message, out);
  if (!agreed_.send_takeover)
    deflater_.reset();
}

void compression::compress_alone(std::string_view message, std::string& out) const {
  deflater(agreed_.send_window_bits, memory_level_, level_).compress(message, out);
}

inflater::outcome compression::inflate(std::string_view piece, std::string& out, std::size_t limit) {
  if (!inflater_)
    inflater_ = std::make_unique<inflater>(agreed_.receive_window_bits);
  return inflater_->inflate(piece, out, limit);
}

inflater::outcome compression::finish(std::string& out, std::size_t limit) {
  if (!inflater_) // a message without a byte
    inflater_ = std::make_unique<inflater>(agreed_.receive_window_bits);
  const inflater::outcome how = inflater_->finish(out, limit);
  if (!agreed_.receive_takeover)
    inflater_.reset();
  return how;
}

} // namespace perron::httpd::rfc6455
