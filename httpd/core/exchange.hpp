// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/connection.hpp>
#include <perron/httpd/request.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perron::httpd::core {

/// What a request's process does: find the handler, run it, write the answer. Lives on the process's stack;
/// what must outlive it, the bytes and how far the answer got, lies in the connection.
class exchange {
public:
  explicit exchange(connection& c) noexcept : connection_(c), in_(*c.in_use().in) {}

  void run();

  connection& on() noexcept { return connection_; }
  const http1::request_head& head() const noexcept { return in_.head; }
  const normal_target& target() const noexcept { return target_; }
  const route_params& params() const noexcept { return *params_; }
  std::string_view body();

private:
  response answer();
  void send(const response& r);
  void send(const response& r, std::span<const header_field> fields);
  void write_all(std::string_view first, std::string_view second);
  bool drain_body();
  std::size_t body_size() const noexcept {
    return static_cast<std::size_t>(in_.head.content_length.value_or(0));
  }

  connection& connection_;
  inbound& in_;
  normal_target target_;
  std::string scratch_;
  const route_params* params_ = nullptr; ///< while the handler runs
  std::optional<std::string> late_body_; ///< body that had not all arrived with the head
  bool body_read_ = false;
};

/// Sends a short error answer that closes the connection, as much of it as the socket takes at once. With
/// `retry_after` it says when to come again.
void send_error(int socket, int status, std::string_view why, std::chrono::seconds retry_after = {}) noexcept;

/// The present moment as an IMF-fixdate; formatted once a second per thread.
void copy_date(char (&out)[29]) noexcept;

} // namespace perron::httpd::core
