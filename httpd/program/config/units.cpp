// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/ip_address.hpp>
#include <perron/httpd/program/config/units.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace perron::httpd::program {

namespace {

struct unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array time_units{unit{"w", 604'800'000}, unit{"d", 86'400'000}, unit{"h", 3'600'000},
                                unit{"m", 60'000},      unit{"s", 1'000},      unit{"ms", 1}};

/// Takes digits off the front.
template <class T>
std::optional<T> take_number(std::string_view& text) noexcept {
  if (text.empty() || text.front() < '0' || text.front() > '9')
    return std::nullopt;
  T number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc())
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  const auto port = take_number<std::uint16_t>(text);
  return text.empty() ? port : std::nullopt;
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
  if (text == "0")
    return std::chrono::milliseconds(0);
  std::int64_t sum = 0;
  const auto* from = time_units.begin(); // units before it are larger than what was read last
  do {
    const auto number = take_number<std::int64_t>(text);
    if (!number)
      return std::nullopt;
    const auto letters = std::min(text.find_first_of("0123456789"), text.size());
    const auto* const found = std::find_if(from, time_units.end(),
                                           [&](const unit& u) { return u.name == text.substr(0, letters); });
    if (found == time_units.end() ||
        *number > (std::numeric_limits<std::int64_t>::max() - sum) / found->factor)
      return std::nullopt;
    sum += *number * found->factor;
    from = found + 1;
    text.remove_prefix(letters);
  } while (!text.empty());
  return std::chrono::milliseconds(sum);
}

std::string duration_text(std::chrono::milliseconds time) {
  std::string text;
  std::int64_t left = time.count();
  for (const auto& [name, factor] : time_units) {
    // A day is 24h to those who read it; weeks are only for what is nothing else.
    if (left < factor || (name == "w" && left % factor != 0))
      continue;
    text.append(std::to_string(left / factor)).append(name);
    left %= factor;
  }
  return text.empty() ? "0" : text;
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  const auto number = take_number<std::uint64_t>(text);
  if (!number)
    return std::nullopt;
  constexpr std::array<unit, 4> units{unit{"kK", 10}, unit{"mM", 20}, unit{"gG", 30}, unit{"tT", 40}};
  std::int64_t shift = 0;
  if (!text.empty() && text != "B") {
    const auto* const found = std::find_if(units.begin(), units.end(), [&](const unit& u) {
      return u.name.find(text.front()) != std::string_view::npos;
    });
    const auto rest = text.substr(1);
    if (found == units.end() || !(rest.empty() || rest == "B" || rest == "iB"))
      return std::nullopt;
    shift = found->factor;
  }
  if (*number > std::numeric_limits<std::uint64_t>::max() >> shift)
    return std::nullopt;
  return *number << shift;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::string_view units = "kMGT";
  std::size_t used = 0;
  while (bytes != 0 && bytes % 1024 == 0 && used < units.size()) {
    bytes /= 1024;
    ++used;
  }
  auto text = std::to_string(bytes);
  if (used != 0)
    text += units[used - 1];
  return text;
}

std::optional<endpoint> parse_endpoint(std::string_view text) {
  if (text.starts_with("unix:")) {
    // sun_path has 108 bytes with its end.
    if (text.size() < 7 || text[5] != '/' || text.size() - 5 > 107)
      return std::nullopt;
    return endpoint{.host = std::string(text), .port = 0};
  }
  const auto colon = text.rfind(':');
  const auto port = parse_port(colon == std::string_view::npos ? text : text.substr(colon + 1));
  auto host = colon == std::string_view::npos ? std::string_view() : text.substr(0, colon);
  if (!port)
    return std::nullopt;
  if (host.empty() || host == "*")
    return endpoint{.host = "::", .port = *port};
  if (host == "localhost")
    return endpoint{.host = "127.0.0.1", .port = *port};
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed)
    host = host.substr(1, host.size() - 2);
  const auto address = ip_address::parse(host);
  if (!address || bracketed != (host.find(':') != std::string_view::npos))
    return std::nullopt;
  return endpoint{.host = std::string(host), .port = *port};
}

std::string endpoint_text(const endpoint& at) {
  if (at.host.starts_with("unix:"))
    return at.host;
  const bool ipv6 = at.host.find(':') != std::string::npos;
  return (ipv6 ? '[' + at.host + ']' : at.host) + ':' + std::to_string(at.port);
}

std::optional<unsigned> parse_mode(std::string_view text) noexcept {
  if (text.size() < 3 || text.size() > 4 || text.find_first_not_of("01234567") != std::string_view::npos ||
      (text.size() == 4 && text.front() != '0'))
    return std::nullopt;
  unsigned mode = 0;
  for (const char c : text)
    mode = mode * 8 + static_cast<unsigned>(c - '0');
  return mode;
}

std::string mode_text(unsigned mode) {
  std::string text = "0000";
  for (std::size_t i = 4; i-- > 0; mode /= 8)
    text[i] = static_cast<char>('0' + mode % 8);
  return text;
}

} // namespace perron::httpd::program
