// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/status.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd {

/// Field lines of a response, in their order.
using header_list = std::vector<std::pair<std::string, std::string>>;

/// A piece of an open file, to be sent as a body. Its read position is not used, so one may be sent by any
/// number of requests at once. Not for files that shrink: a response whose file turns out to be shorter than
/// its length is cut, and its request ends as a crash.
struct file_part {
  const int fd;
  const std::uint64_t offset;
  const std::uint64_t length;
  /// Where its bytes are kept in memory as well; null: nowhere. As long as it lives.
  const char* const bytes = nullptr;

  /// Owns the descriptor.
  file_part(int descriptor, std::uint64_t from, std::uint64_t count, const char* kept = nullptr) noexcept
      : fd(descriptor), offset(from), length(count), bytes(kept) {}
  /// A piece of another one, which it keeps alive; `from` counts from the front of that.
  file_part(std::shared_ptr<const file_part> of, std::uint64_t from, std::uint64_t count) noexcept
      : fd(of->fd), offset(of->offset + from), length(count),
        bytes(of->bytes == nullptr ? nullptr : of->bytes + from), of_(of->of_ != nullptr ? of->of_ : of) {}
  file_part(const file_part&) = delete;
  file_part& operator=(const file_part&) = delete;
  ~file_part();

  /// The first bytes of it; false: they are not there. May wait for the disk.
  bool read(std::span<char> into) const noexcept;

  /// For a file that was opened just now and is kept for further answers: who sends it, or a piece of it,
  /// first may have to wait for the disk. Any thread.
  void expect_first_use() const noexcept { used_.store(false, std::memory_order_relaxed); }
  /// True once after that.
  bool is_first_use() const noexcept;

private:
  const std::shared_ptr<const file_part> of_{};
  mutable std::atomic<bool> used_{true};
};

/// What a handler gives back. Content-Length, Transfer-Encoding, Date and Connection are added by the server
/// and must not be among the headers. Header values with line breaks are refused: the request then ends as a
/// crash, with a 500.
struct response {
  int status = status::ok;
  std::string body{};
  std::string content_type{}; ///< no Content-Type field if empty
  header_list headers{};      ///< further fields, in this order
  /// The body instead of `body`, sent by the kernel (sendfile), which may wait for the disk.
  std::shared_ptr<const file_part> file{};
  /// The connection ends behind it, and the client is told so.
  bool close = false;
  /// It has been sent already: what writer::end() and duplex::end() give. Not to be set by handlers.
  bool sent = false;
};

/// `return text("Hello, world!");`
inline response text(std::string body, int status = status::ok) {
  return {status, std::move(body), "text/plain; charset=utf-8"};
}
inline response html(std::string body, int status = status::ok) {
  return {status, std::move(body), "text/html; charset=utf-8"};
}
/// The body must be JSON already.
inline response json(std::string body, int status = status::ok) {
  return {status, std::move(body), "application/json"};
}
/// An answer without a body.
inline response empty(int status = status::no_content) { return {status}; }

/// Thrown by a handler, or by what it calls, to answer with an error; no crash, no report. Once an answer has
/// begun it is a crash like any other exception.
/// `throw http_error(status::not_found, "no such room");`
class http_error : public std::exception {
public:
  http_error(int status, std::string what) : status_(status), what_(std::move(what)) {}
  int status() const noexcept { return status_; }
  const char* what() const noexcept override { return what_.c_str(); }

private:
  int status_;
  std::string what_;
};

} // namespace perron::httpd
