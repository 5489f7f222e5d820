// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/websocket/deflate.hpp>
#include <perron/httpd/websocket/extension.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace perron::httpd::rfc6455 {

/// permessage-deflate of one connection: what was agreed, and the contexts it needs just now. A context is
/// made for its first message; without take-over it is gone with the message's end. Any one thread at a time.
class compression {
public:
  compression(const deflate_agreement& agreed, const deflate_options& options) noexcept
      : agreed_(agreed), from_bytes_(options.from_bytes), memory_level_(options.memory_level),
        level_(options.level) {}

  const deflate_agreement& agreed() const noexcept { return agreed_; }

  /// Whether a message of that size is to be compressed.
  bool pays_for(std::size_t size) const noexcept { return size >= from_bytes_; }
  void compress(std::string_view message, std::string& out);
  /// The same without regard to the messages before it.
  void compress_alone(std::string_view message, std::string& out) const;
  /// A message that was compressed alone is sent in between: the next must not refer to one before it.
  void forget_sent() noexcept { deflater_.reset(); }

  inflater::outcome inflate(std::string_view piece, std::string& out, std::size_t limit);
  /// The end of a message.
  inflater::outcome finish(std::string& out, std::size_t limit);

  /// Whether it holds a context now.
  bool holds_context() const noexcept { return deflater_ != nullptr || inflater_ != nullptr; }

private:
  deflate_agreement agreed_;
  std::uint16_t from_bytes_;
  std::uint8_t memory_level_;
  std::uint8_t level_;
  std::unique_ptr<deflater> deflater_;
  std::unique_ptr<inflater> inflater_;
};

} // namespace perron::httpd::rfc6455
