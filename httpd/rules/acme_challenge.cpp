// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/acme_challenge.hpp>

#include <perron/httpd/core/file_opening.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

namespace perron::httpd {
namespace {

constexpr std::string_view prefix = "/.well-known/acme-challenge/";
constexpr std::size_t most_bytes = 4096;

/// base64url without padding (RFC 8555 8.3).
bool is_token(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string read_token(const core::folder& folder, const std::string& token) {
  core::open_file file = is_token(token) ? folder.open(token) : core::open_file(ENOENT);
  if (!file.is_open() || !S_ISREG(file.facts().st_mode) ||
      file.facts().st_size > static_cast<::off_t>(most_bytes))
    throw http_error(status::not_found, "");
  const auto size = static_cast<std::uint64_t>(file.facts().st_size);
  const file_part part(file.release(), 0, size);
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!part.read(text))
    throw http_error(status::not_found, "");
  return text;
}

} // namespace

middleware acme_challenge(const std::string& folder) {
  return [from = std::make_shared<const core::folder>(folder)](request& r, const handler& next) {
    if (!r.path().starts_with(prefix) || (r.method() != "GET" && r.method() != "HEAD"))
      return next(r);
    response answer = text(read_token(*from, std::string(r.path().substr(prefix.size()))));
    answer.content_type = "text/plain";
    answer.headers.emplace_back("Cache-Control", "no-store");
    return answer;
  };
}

} // namespace perron::httpd
