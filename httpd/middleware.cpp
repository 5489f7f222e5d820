// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/middleware.hpp>

#include <perron/httpd/http1/characters.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/random.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

namespace perron::httpd {

namespace {

/// Unlikely to come twice; not a secret.
std::string new_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr double two_to_the_48th = 281474976710656.0;
  std::string id;
  id.reserve(24);
  for (int half = 0; half < 2; ++half) {
    auto bits = static_cast<std::uint64_t>(runtime::core::random_unit() * two_to_the_48th);
    for (int i = 0; i < 12; ++i, bits >>= 4U)
      id += digits[bits & 15U];
  }
  return id;
}

bool is_id(std::string_view text) noexcept { return text.size() <= 128 && http1::detail::is_token(text); }

bool has(const response& r, std::string_view field) {
  return std::any_of(r.headers.begin(), r.headers.end(),
                     [&](const auto& own) { return equal_ignoring_case(own.first, field); });
}

} // namespace

middleware request_id(std::string field, bool trust) {
  return [field = std::move(field), trust](request& r, const handler& next) {
    const auto sent = r.header(field);
    std::string& id = r.local<request_id_text>().text;
    id = trust && is_id(sent) ? std::string(sent) : new_id();
    r.before_send([&field, &id](response& answer) { answer.headers.emplace_back(field, id); });
    return next(r);
  };
}

middleware server_timing() {
  return [](request& r, const handler& next) {
    r.before_send([begin = runtime::core::monotonic_ns()](response& answer) {
      const double ms = static_cast<double>(runtime::core::monotonic_ns() - begin) / 1e6;
      std::array<char, 48> text{};
      const int size = std::snprintf(text.data(), text.size(), "total;dur=%.3f", ms);
      answer.headers.emplace_back("Server-Timing", std::string(text.data(), static_cast<std::size_t>(size)));
    });
    return next(r);
  };
}

middleware careful_browsers() {
  return [](request& r, const handler& next) {
    r.before_send([](response& answer) {
      for (const auto& [name, value] :
           {std::pair("X-Content-Type-Options", "nosniff"), std::pair("X-Frame-Options", "DENY"),
            std::pair("Referrer-Policy", "same-origin")})
        if (!has(answer, name))
          answer.headers.emplace_back(name, value);
    });
    return next(r);
  };
}

} // namespace perron::httpd
