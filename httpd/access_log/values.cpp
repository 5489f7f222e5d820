// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/values.hpp>

#include <perron/httpd/access_log/escape.hpp>
#include <perron/httpd/core/base64.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace perron::httpd::access_log_detail {
namespace {

using std::chrono::system_clock;

std::int64_t ms_of(system_clock::time_point t) noexcept {
  return std::chrono::floor<std::chrono::milliseconds>(t).time_since_epoch().count();
}

/// A text for a second, made once for it on each thread.
struct cached_text {
  std::int64_t second = INT64_MIN;
  std::string text{};
};

/// Base64 (RFC 4648 4) up to the first colon of what it stands for, or where it goes wrong.
std::string decode_to_colon(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = core::base64_value(c);
    if (value < 0)
      break;
    bits = bits << 6U | static_cast<unsigned>(value);
    count += 6;
    if (count < 8)
      continue;
    count -= 8;
    const char byte = static_cast<char>(bits >> static_cast<unsigned>(count) & 255U);
    if (byte == ':')
      break;
    out += byte;
  }
  return out;
}

} // namespace

void append_peer(std::string& out, const access_record& r) {
  if (r.peer != nullptr)
    out += r.peer->to_string();
  else
    out += "unix:";
}

void append_local_time(std::string& out, system_clock::time_point t) {
  thread_local cached_text last; // nothing below suspends
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  if (second != last.second) {
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto when = static_cast<std::time_t>(second);
    std::tm local{};
    ::localtime_r(&when, &local);
    std::array<char, 64> text{};
    const long offset = local.tm_gmtoff / 60;
    const long minutes = offset < 0 ? -offset : offset;
    const int size =
        std::snprintf(text.data(), text.size(), "%02d/%s/%04d:%02d:%02d:%02d %c%02ld%02ld", local.tm_mday,
                      months.at(static_cast<std::size_t>(local.tm_mon)), local.tm_year + 1900, local.tm_hour,
                      local.tm_min, local.tm_sec, offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
    last.text.assign(text.data(), static_cast<std::size_t>(size));
    last.second = second;
  }
  out += last.text;
}

void append_iso_time(std::string& out, system_clock::time_point t) {
  thread_local cached_text last; // nothing below suspends
  const std::int64_t ms = ms_of(t);
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  if (second != last.second) {
    const auto when = static_cast<std::time_t>(second);
    std::tm utc{};
    ::gmtime_r(&when, &utc);
    std::array<char, 64> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &utc);
    last.text.assign(text.data(), size);
    last.second = second;
  }
  out += last.text;
  const auto part = static_cast<unsigned>(ms - second * 1000);
  const std::array<char, 4> rest{static_cast<char>('0' + part / 100), static_cast<char>('0' + part / 10 % 10),
                                 static_cast<char>('0' + part % 10), 'Z'};
  out.append(rest.data(), rest.size());
}

void append_seconds(std::string& out, std::chrono::nanoseconds t, int digits) {
  std::int64_t unit = 1;
  for (int i = 0; i < digits; ++i)
    unit *= 10;
  const std::int64_t whole = t.count() / 1'000'000'000;
  const std::int64_t part = t.count() % 1'000'000'000 / (1'000'000'000 / unit);
  out += std::to_string(whole);
  const std::string rest = std::to_string(part);
  out += '.';
  out.append(static_cast<std::size_t>(digits) - std::min(rest.size(), static_cast<std::size_t>(digits)), '0');
  out += rest;
}

void append_request(std::string& out, const access_record& r) {
  if (r.method.empty()) {
    if (r.first_line.empty())
      out += '-';
    append_escaped(out, r.first_line);
    return;
  }
  append_escaped(out, r.method);
  out += ' ';
  append_escaped(out, r.target);
  out += ' ';
  out += protocol_of(r);
}

std::string user_of(const access_record& r) {
  if (!r.user.empty())
    return std::string(r.user);
  const std::string_view sent = r.headers.find("authorization").value_or("");
  const std::size_t space = sent.find(' ');
  if (space == std::string_view::npos || !equal_ignoring_case(sent.substr(0, space), "basic"))
    return {};
  return decode_to_colon(detail::trim_blanks(sent.substr(space)));
}

std::string_view query_of(const access_record& r) noexcept {
  const std::size_t mark = r.target.find('?');
  return mark == std::string_view::npos ? std::string_view() : r.target.substr(mark + 1);
}

std::string_view protocol_of(const access_record& r) noexcept {
  if (r.method.empty())
    return {};
  return r.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
}

int status_of(const access_record& r) noexcept {
  constexpr int client_closed_request = 499;
  return r.status == 0 ? client_closed_request : r.status;
}

std::string_view end_of(const access_record& r) noexcept {
  return r.refused ? "refused" : supervisors::to_string(r.how);
}

} // namespace perron::httpd::access_log_detail
