// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/units.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace perron::soak {

namespace {

// Three digits: 1.23, 12.3, 123.
std::string three_digits(double n) {
  const double size = std::fabs(n);
  return fixed(n, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

template <std::size_t Count>
std::string stepped(double n, const std::array<const char*, Count>& names) {
  std::size_t step = 0;
  while (step + 1 < Count && std::fabs(n) >= 999.5) {
    n /= 1000;
    ++step;
  }
  const bool whole = step == 0 && std::fabs(n - std::round(n)) < 0.005;
  const std::string digits = whole ? fixed(n, 0) : three_digits(n);
  return *names[step] == '\0' ? digits : digits + ' ' + names[step];
}

} // namespace

std::string fixed(double n, int decimals) {
  if (!std::isfinite(n))
    return "-";
  std::array<char, 400> text{};
  const auto [end, wrong] =
      std::to_chars(text.data(), text.data() + text.size(), n, std::chars_format::fixed, decimals);
  std::string result(text.data(), end);
  const bool zero = result.find_first_not_of("-0.") == std::string::npos;
  return zero && result.starts_with('-') ? result.substr(1) : result;
}

std::string grouped(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string brief(double n) { return stepped(n, std::array<const char*, 5>{"", "k", "M", "G", "T"}); }

std::string bytes(double n) { return stepped(n, std::array<const char*, 5>{"B", "kB", "MB", "GB", "TB"}); }

std::string duration(double ns) {
  return stepped(ns, std::array<const char*, 4>{"ns", "\u00b5s", "ms", "s"});
}

std::string clock(double seconds) {
  const auto all = static_cast<std::uint64_t>(std::max(seconds, 0.0));
  const auto two = [](std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  const std::uint64_t hours = all / 3600;
  const std::uint64_t minutes = all / 60 % 60;
  return (hours > 0 ? std::to_string(hours) + ':' + two(minutes) : std::to_string(minutes)) + ':' +
         two(all % 60);
}

} // namespace perron::soak
