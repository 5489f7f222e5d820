// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/connection.hpp>
#include <perron/httpd/core/effective_limits.hpp>
#include <perron/httpd/http1/chunked_decoder.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd::core {

/// Reads the body of one request: first from the bytes that came with its head, then from the socket. Made
/// when a body has not all come with the head, or is chunked; lives beside the exchange, on its process's
/// stack.
///
/// What it reads beyond the body is the next request's, and is left in the connection. The content of a body
/// with a Content-Length goes straight into the caller's buffer; a chunked one passes through a small buffer,
/// as framing and the next request come with it.
class body_reader {
public:
  body_reader(connection& c, inbound& in, const effective_limits& limits);

  /// As request::read; `into` is not empty. After an error it throws that again.
  std::size_t read(std::span<char> into);
  /// All that is left, kept until the end.
  std::string_view read_all();
  header_view trailers() const noexcept { return header_view{{fields_.data(), fields_.size()}}; }

  bool at_end() const noexcept { return stage_ == stage::end; }
  /// Whether throw_away(most) is worth a try: the peer does not wait for a 100 that it has not got, and no
  /// more than that is to come as far as is known.
  bool could_throw_away(std::size_t most) const noexcept {
    return at_end() || (!failure_ && !asks_ && (chunked_ || left_ <= window_.size() + most));
  }
  /// No 100 is to be sent any more: a final head is out.
  void ask_no_more() noexcept { asks_ = false; }

  /// Reads and throws away at most `most` bytes for at most `time`. True: that was all of it. Does not throw
  /// but where the process is told to end.
  bool throw_away(std::size_t most, std::chrono::milliseconds time);

private:
  enum class stage : std::uint8_t { content, trailers, end, failed };

  std::size_t take_chunked(std::span<char> into);
  void find_content();
  std::size_t take_plain(std::span<char> into);
  void take_trailers();
  bool parse_trailers(std::string_view bytes);
  std::string_view refill();
  std::size_t receive(std::span<char> into);
  void wait_for_more();
  std::uint64_t due() const;
  [[noreturn]] void fail(int status, std::string what);
  void finish();

  connection& connection_;
  inbound& in_;
  const effective_limits limits_;
  std::string_view window_;        ///< bytes that have come and are not taken yet
  std::string_view content_;       ///< of a chunk, not given yet
  std::unique_ptr<char[]> buffer_; ///< where the window lies once the inbound is used up
  std::string trailer_bytes_;      ///< where it lies once a trailer section did not come at once
  std::vector<header_field> fields_;
  std::optional<std::string> whole_;
  std::size_t replayed_ = 0;        ///< of `whole_`, given again by read()
  std::uint64_t left_ = 0;          ///< of a body whose length is known
  std::uint64_t content_bytes_ = 0; ///< that have come so far
  std::uint64_t waited_ms_ = 0;
  std::uint64_t drain_due_ms_ = 0; ///< while what is left is thrown away
  std::optional<http_error> failure_;
  http1::chunked_decoder decoder_;
  stage stage_ = stage::content;
  bool chunked_;
  bool asks_;
};

} // namespace perron::httpd::core
