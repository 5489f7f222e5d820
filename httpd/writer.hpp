// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/response.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace perron::httpd {

namespace core {
class body_output;
}

/// The body of a response that is written piece by piece; given by request::begin().
///
///     httpd::writer out = r.begin({.content_type = "text/plain"});
///     while (more())
///       out.write(next_line());
///     return out.end();
///
/// Nothing is buffered: what is written goes to the socket, each call as one chunk, and waits while the peer
/// is slow. A peer that goes away ends the process with reason client_gone, one that takes nothing for
/// write_time with slow_reader. To a HEAD, and with a status that has no body, everything is taken and
/// nothing sent.
///
/// Lives in the handler. Without end() the connection is cut behind what was written, so that the client can
/// tell: that is what an exception in between does.
class writer {
public:
  explicit writer(core::body_output& of) noexcept : of_(&of) {}
  writer(writer&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  writer& operator=(writer&& other) noexcept {
    of_ = std::exchange(other.of_, nullptr);
    return *this;
  }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;
  ~writer() = default;

  /// More than the announced length throws std::length_error. Writing nothing does nothing.
  void write(std::string_view bytes) { write(std::span(&bytes, 1)); }
  void write(std::span<const std::string_view> parts);
  /// From an open file, which stays the caller's; may wait for the disk. Throws std::runtime_error if the
  /// file ends before.
  void sendfile(int file, std::uint64_t offset, std::uint64_t count);
  /// A field behind the body; before end(). Dropped where the body is not chunked, as for HTTP/1.0 clients.
  /// Throws std::invalid_argument for what is no trailer (http1/trailer_section.hpp). Clients see it only if
  /// they look for it: do not put there what they cannot do without (RFC 9110 6.5.1).
  void trailer(std::string name, std::string value);
  /// The end of the body; to be returned by the handler. Less than the announced length throws
  /// std::length_error.
  response end();

private:
  core::body_output& open() const;

  core::body_output* of_;
};

} // namespace perron::httpd
