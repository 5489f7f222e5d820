// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace perron::httpd {
struct route_limits;
}

namespace perron::httpd::core {

/// A whole answer, or what is left of it, that goes out when its process has ended; see connection::hold. One
/// allocation: [held_answer | bytes].
struct held_answer {
  struct deleter {
    void operator()(held_answer* a) const noexcept;
  };
  using pointer = std::unique_ptr<held_answer, deleter>;

  const route_limits* limits; ///< of the request; null: it has none of its own
  std::size_t size;
  std::size_t sent = 0;

  char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
  std::string_view left() noexcept { return {bytes() + sent, size - sent}; }

  /// `second` behind `first`. Null if there is no memory for it.
  static pointer make(std::string_view first, std::string_view second, const route_limits* limits) noexcept;
};

} // namespace perron::httpd::core
