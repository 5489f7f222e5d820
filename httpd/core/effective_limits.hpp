// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/reader_pace.hpp>
#include <perron/httpd/route_limits.hpp>
#include <perron/httpd/server.hpp>

namespace perron::httpd::core {

/// The limits that hold for a request: those of its route where it has some, else the server's. Looked at one
/// by one when they are needed; most requests need none. Both must outlive it.
class effective_limits {
public:
  effective_limits(const server_options& server, const route_limits* route) noexcept
      : server_(server), route_(route) {}

  std::size_t max_body() const noexcept { return of(&route_limits::max_body, server_.max_body); }
  std::chrono::milliseconds body_time() const noexcept {
    return of(&route_limits::body_time, server_.body_time);
  }
  std::uint64_t min_body_rate() const noexcept {
    return of(&route_limits::min_body_rate, server_.min_body_rate);
  }
  std::chrono::milliseconds write_time() const noexcept {
    return of(&route_limits::write_time, server_.write_time);
  }
  reader_limits reader() const noexcept {
    return {write_time(), of(&route_limits::min_write_rate, server_.min_write_rate), server_.write_grace};
  }
  const server_options& server() const noexcept { return server_; }
  const route_limits* route() const noexcept { return route_; }

private:
  template <class T>
  T of(std::optional<T> route_limits::*own, T common) const noexcept {
    return route_ != nullptr ? (route_->*own).value_or(common) : common;
  }

  const server_options& server_;
  const route_limits* route_;
};

} // namespace perron::httpd::core
