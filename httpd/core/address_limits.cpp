// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/address_limits.hpp>

#include <algorithm>
#include <bit>
#include <limits>

namespace perron::httpd::core {
namespace {

constexpr std::uint32_t request_price = 1000;
constexpr std::uint32_t smallest_burst = 10;
/// No IPv6 client comes from a network that begins so (RFC 4291 2.7: multicast).
constexpr std::uint64_t ipv4_mark = 0xffff'0000'0000'0000U;

std::uint32_t tokens_of_burst(const address_limit_options& o) noexcept {
  const std::uint32_t burst = o.burst != 0 ? o.burst : std::max(o.requests_per_second, smallest_burst);
  return std::min(burst, std::numeric_limits<std::uint32_t>::max() / request_price) * request_price;
}

std::uint64_t mask_of(unsigned prefix) noexcept {
  return prefix == 0 ? 0 : ~std::uint64_t(0) << (64 - std::min(prefix, 64U));
}

} // namespace

address_limits::address_limits(const address_limit_options& options, std::uint64_t secret)
    : options_(options), secret_(secret | 1U), full_(tokens_of_burst(options)),
      ipv6_mask_(mask_of(options.ipv6_prefix)),
      rows_(std::bit_ceil(std::max<std::size_t>(options.max_addresses / row_size, 1))),
      table_(std::make_unique<row[]>(rows_)) {}

/// Never 0: :: and its network are nobody's.
std::uint64_t address_limits::key_of(const ip_address& from) const noexcept {
  const auto number = [&from](std::size_t at, std::size_t size) {
    std::uint64_t out = 0;
    for (std::size_t i = at; i < at + size; ++i)
      out = out << 8 | from.bytes[i];
    return out;
  };
  if (from.is_ipv4())
    return ipv4_mark | number(12, 4);
  return std::max<std::uint64_t>(number(0, 8) & ipv6_mask_, 1);
}

std::size_t address_limits::row_of(std::uint64_t key) const noexcept {
  std::uint64_t z = (key ^ secret_) * 0x9e37'79b9'7f4a'7c15U;
  z = (z ^ (z >> 32) ^ std::rotl(secret_, 32)) * 0xbf58'476d'1ce4'e5b9U;
  return static_cast<std::size_t>((z ^ (z >> 29)) & (rows_ - 1));
}

address_limits::entry* address_limits::find(row& in, std::uint64_t key) noexcept {
  const auto at = std::find_if(in.begin(), in.end(), [key](const entry& e) { return e.key == key; });
  return at != in.end() ? &*at : nullptr;
}

address_limits::entry* address_limits::find_or_make(row& in, std::uint64_t key,
                                                    std::uint64_t now_ms) noexcept {
  if (entry* there = find(in, key))
    return there;
  entry* best = find(in, 0);
  if (best == nullptr)
    for (entry& e : in)
      if (e.connections == 0 && (best == nullptr || e.seen_ms < best->seen_ms))
        best = &e;
  if (best != nullptr)
    *best = {.key = key, .connections = 0, .tokens = full_, .seen_ms = now_ms};
  return best;
}

void address_limits::refill(entry& e, std::uint64_t now_ms) const noexcept {
  if (now_ms <= e.seen_ms)
    return;
  // a request costs 1000 tokens, so a rate per second is one of tokens per millisecond
  const std::uint64_t elapsed = std::min<std::uint64_t>(now_ms - e.seen_ms, full_);
  e.tokens = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(full_, e.tokens + elapsed * options_.requests_per_second));
  e.seen_ms = now_ms;
}

address_limits::answer address_limits::take_connection(const ip_address& from,
                                                       std::uint64_t now_ms) noexcept {
  if (options_.max_connections == 0)
    return answer::unlimited;
  const std::uint64_t key = key_of(from);
  const std::size_t at = row_of(key);
  const std::lock_guard hold(locks_[at % locks_.size()]);
  entry* e = find_or_make(table_[at], key, now_ms);
  if (e == nullptr)
    return answer::unlimited;
  refill(*e, now_ms);
  if (e->connections >= options_.max_connections)
    return answer::no;
  ++e->connections;
  return answer::yes;
}

void address_limits::connection_ended(const ip_address& from) noexcept {
  const std::uint64_t key = key_of(from);
  const std::size_t at = row_of(key);
  const std::lock_guard hold(locks_[at % locks_.size()]);
  if (entry* e = find(table_[at], key); e != nullptr && e->connections > 0)
    --e->connections;
}

bool address_limits::take_request(const ip_address& from, std::uint64_t now_ms) noexcept {
  if (options_.requests_per_second == 0)
    return true;
  const std::uint64_t key = key_of(from);
  const std::size_t at = row_of(key);
  const std::lock_guard hold(locks_[at % locks_.size()]);
  entry* e = find_or_make(table_[at], key, now_ms);
  if (e == nullptr)
    return true;
  refill(*e, now_ms);
  if (e->tokens < request_price)
    return false;
  e->tokens -= request_price;
  return true;
}

std::size_t address_limits::size() const noexcept {
  std::size_t all = 0;
  for (std::size_t at = 0; at < rows_; ++at) {
    const std::lock_guard hold(locks_[at % locks_.size()]);
    all += static_cast<std::size_t>(
        std::count_if(table_[at].begin(), table_[at].end(), [](const entry& e) { return e.key != 0; }));
  }
  return all;
}

} // namespace perron::httpd::core
