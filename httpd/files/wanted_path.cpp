// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/wanted_path.hpp>

#include <algorithm>
#include <cstddef>

namespace perron::httpd::files {

namespace {

constexpr bool is_wanted_segment(std::string_view segment, bool hidden, bool is_first) noexcept {
  if (segment.empty() || segment == "." || segment == "..")
    return false;
  return hidden || segment.front() != '.' || (is_first && segment == ".well-known");
}

/// pchar without ':', which would make a scheme of the first segment of a relative reference.
constexpr bool is_path_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~!$&'()*+,;=@/").find(c) != std::string_view::npos;
}

} // namespace

bool is_wanted_path(std::string_view path, bool hidden) noexcept {
  if (path.find('\0') != std::string_view::npos)
    return false;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (!is_wanted_segment(path.substr(at, end - at), hidden, at == 0))
      return false;
    at = end + 1;
  }
  return true;
}

std::string path_to_try(std::string_view pattern, std::string_view asked) {
  constexpr std::string_view placeholder = "{path}";
  while (asked.ends_with('/'))
    asked.remove_suffix(1);
  std::string path(pattern);
  if (const auto at = path.find(placeholder); at != std::string::npos)
    path.replace(at, placeholder.size(), asked);
  path.erase(0, std::min(path.find_first_not_of('/'), path.size()));
  return path;
}

std::string to_uri_path(std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(path.size());
  for (const char c : path) {
    if (is_path_char(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return out;
}

} // namespace perron::httpd::files
