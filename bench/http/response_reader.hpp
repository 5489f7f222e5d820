// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <strings.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace perron::bench {

/// Reads one HTTP/1 response after the other from a connection that never pipelines. Knows Content-Length
/// bodies only, which is what every measured server sends. Copies nothing when a head arrives in one piece.
class response_reader {
public:
  enum class state { more, done, malformed };

  /// Takes all of `bytes`; those behind the end of a response make it malformed.
  state feed(std::string_view bytes) {
    if (in_body_)
      return feed_body(bytes.size());
    if (!head_.empty()) {
      head_.append(bytes);
      bytes = head_;
    }
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      if (head_.empty())
        head_ = bytes;
      return head_.size() > max_head ? state::malformed : state::more;
    }
    if (!parse_head(bytes.substr(0, end + 2)))
      return state::malformed;
    in_body_ = true;
    const auto body = bytes.size() - end - 4;
    head_.clear();
    return feed_body(body);
  }

  /// The two below hold for the response that was last done.
  int status() const { return status_; }
  bool closes() const { return closes_; }

  void reset() {
    head_.clear();
    in_body_ = false;
  }

private:
  static constexpr size_t max_head = 16 * 1024;

  state feed_body(size_t size) {
    if (size > body_left_)
      return state::malformed;
    body_left_ -= size;
    if (body_left_ > 0)
      return state::more;
    in_body_ = false;
    return state::done;
  }

  // `lines` ends with the CRLF of the last header.
  bool parse_head(std::string_view lines) {
    if (lines.size() < 14 || !lines.starts_with("HTTP/1."))
      return false;
    const bool version_1_0 = lines[7] == '0';
    if (std::from_chars(lines.data() + 9, lines.data() + 12, status_).ec != std::errc{})
      return false;
    closes_ = version_1_0;
    bool has_length = false;
    for (auto at = lines.find("\r\n") + 2; at < lines.size();) {
      const auto end = lines.find("\r\n", at);
      const auto line = lines.substr(at, end - at);
      at = end + 2;
      if (const auto length = value_of(line, "content-length:"); !length.empty()) {
        const auto parsed = std::from_chars(length.data(), length.data() + length.size(), body_left_);
        has_length = parsed.ec == std::errc{};
      } else if (const auto connection = value_of(line, "connection:"); !connection.empty()) {
        closes_ = connection.size() == 5 && strncasecmp(connection.data(), "close", 5) == 0;
      }
    }
    return has_length;
  }

  static std::string_view value_of(std::string_view line, std::string_view name) {
    if (line.size() <= name.size() || strncasecmp(line.data(), name.data(), name.size()) != 0)
      return {};
    line.remove_prefix(name.size());
    while (!line.empty() && line.front() == ' ')
      line.remove_prefix(1);
    return line;
  }

  std::string head_;
  uint64_t body_left_ = 0;
  int status_ = 0;
  bool in_body_ = false;
  bool closes_ = false;
};

} // namespace perron::bench
