// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/http1/request_head.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace perron::httpd {
class access_sink;
}

namespace perron::httpd::core {

/// The bytes of one request, from the first of its head to whatever had arrived after it, with the parsed
/// head that points into them. One allocation: [inbound | header fields | bytes].
struct inbound {
  http1::request_head head;
  std::size_t head_size = 0;
  std::size_t size = 0;
  std::size_t total = 0;                     ///< of the allocation
  std::uint64_t began_ns = 0;                ///< when it was complete; only where somebody is told of its end
  access_sink* told = nullptr;               ///< instead of the server's; see request::tell
  std::unique_ptr<const std::string> user{}; ///< see request::tell_user

  std::span<header_field> fields() noexcept {
    return {reinterpret_cast<header_field*>(this + 1), head.header_count};
  }
  char* bytes() noexcept { return reinterpret_cast<char*>(fields().data() + head.header_count); }
  std::string_view after_head() noexcept { return {bytes() + head_size, size - head_size}; }

  static inbound* make(const http1::request_head& head, std::size_t head_size, std::string_view bytes);
  static void free(inbound* in) noexcept;
};

} // namespace perron::httpd::core
