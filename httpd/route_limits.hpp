// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace perron::httpd {

/// Limits of one route, in place of the server's (server_options has what each of them means and its
/// default). `r.post("/upload", upload, {.max_body = 1 << 30, .body_time = 0ms});`
struct route_limits {
  std::optional<std::size_t> max_body{};
  std::optional<std::chrono::milliseconds> body_time{};
  std::optional<std::uint64_t> min_body_rate{};
  std::optional<std::chrono::milliseconds> write_time{};
  std::optional<std::uint64_t> min_write_rate{};
  std::optional<std::chrono::milliseconds> request_time{};
  std::optional<bool> answers_half_closed{};
};

} // namespace perron::httpd
