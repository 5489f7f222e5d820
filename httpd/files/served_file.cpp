// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/served_file.hpp>

#include <perron/httpd/headers.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace perron::httpd::files {

namespace {

using namespace std::chrono_literals;

std::int64_t nanoseconds(const timespec& t) noexcept {
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

/// A bijection of 64 bits that leaves no pattern (the end of splitmix64).
std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

} // namespace

file_identity::file_identity(const struct stat& facts) noexcept
    : device(facts.st_dev), inode(facts.st_ino), size(facts.st_size), changed_ns(nanoseconds(facts.st_mtim)),
      touched_ns(nanoseconds(facts.st_ctim)) {}

std::string to_tag(const file_identity& identity, std::string_view coding) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::uint64_t hash = mix(static_cast<std::uint64_t>(identity.changed_ns));
  hash = mix(hash + static_cast<std::uint64_t>(identity.size));
  for (const char c : coding)
    hash = mix(hash + static_cast<unsigned char>(c));
  std::string text;
  for (int i = 0; i < 11; ++i, hash >>= 6U)
    text += digits[hash & 63U];
  return text;
}

served_file::served_file(int descriptor, const struct stat& facts, std::optional<std::string> kept)
    : content(kept ? std::move(*kept) : std::string()),
      whole(descriptor, 0, static_cast<std::uint64_t>(facts.st_size), kept ? content.data() : nullptr),
      identity(facts), changed(std::chrono::seconds(facts.st_mtim.tv_sec)), tag(to_tag(identity, {})),
      last_modified(to_http_date(changed)) {}

validators served_file::validators_at(http_time now) const {
  validators current{.etag = {}, .last_modified = changed};
  current.etag.reserve(tag.size() + 4);
  current.etag.append(changed + 2s > now ? "W/\"" : "\"").append(tag) += '"';
  return current;
}

std::size_t served_file::bytes_kept() const noexcept {
  std::size_t bytes = content.size();
  for (const auto& other : codings)
    bytes += other->content.size();
  return bytes;
}

std::optional<std::chrono::seconds> max_age_of(std::string_view cache_control) noexcept {
  constexpr std::string_view name = "max-age=";
  std::optional<std::chrono::seconds> age;
  each_list_element(cache_control, [&](std::string_view directive) {
    if (directive.size() <= name.size() || !equal_ignoring_case(directive.substr(0, name.size()), name))
      return true;
    std::int64_t seconds = 0;
    const char* const end = directive.data() + directive.size();
    const auto read = std::from_chars(directive.data() + name.size(), end, seconds);
    constexpr std::int64_t a_hundred_years = 3'155'760'000;
    if (read.ec == std::errc() && read.ptr == end && seconds >= 0)
      age = std::chrono::seconds(std::min(seconds, a_hundred_years));
    return false;
  });
  return age;
}

} // namespace perron::httpd::files
