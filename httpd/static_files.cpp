// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/static_files.hpp>

#include <perron/httpd/conditional.hpp>
#include <perron/httpd/core/file_opening.hpp>
#include <perron/httpd/error_page.hpp>
#include <perron/httpd/files/wanted_path.hpp>
#include <perron/httpd/range.hpp>
#include <perron/runtime/core/clock.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd {

namespace {

using namespace std::chrono_literals;

http_time now() noexcept { return http_time(std::chrono::seconds(runtime::core::wall_seconds())); }

/// The path below the roots that a request names; throws 404 for one that names no file.
std::string wanted_path(const request& r, const static_options& options) {
  std::string path = r.param(options.param);
  // an encoded slash is data of a segment, and no file's name has one
  if (r.path().find("%2F") != std::string_view::npos || !files::is_wanted_path(path, options.hidden))
    throw http_error(status::not_found, "");
  return path;
}

int status_of(int fault) noexcept {
  if (fault == EACCES || fault == EPERM)
    return status::forbidden;
  if (fault == EMFILE || fault == ENFILE || fault == ENOMEM || fault == EIO)
    return status::service_unavailable;
  return status::not_found;
}

[[noreturn]] void refuse(int fault) { throw http_error(status_of(fault), ""); }

validators validators_of(const struct stat& file) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string opaque;
  const auto put = [&](std::uint64_t value) {
    std::string text;
    do
      text.insert(text.begin(), digits[value & 15U]);
    while ((value >>= 4U) != 0);
    opaque += text;
  };
  put(static_cast<std::uint64_t>(file.st_mtim.tv_sec) * 1'000'000'000U +
      static_cast<std::uint64_t>(file.st_mtim.tv_nsec));
  opaque += '-';
  put(static_cast<std::uint64_t>(file.st_size));
  const http_time changed{std::chrono::seconds(file.st_mtim.tv_sec)};
  return {.etag = make_etag(opaque, changed + 2s > now()), .last_modified = changed};
}

class file_handler {
public:
  explicit file_handler(static_options options) : options_(std::move(options)) {
    if (options_.root.empty())
      throw std::invalid_argument("perron: static files need a root");
    for (const auto& path : options_.root)
      roots_.push_back(std::make_shared<core::folder>(path, options_.follow_links));
  }

  response operator()(request& r) const {
    std::string path = wanted_path(r, options_);
    core::open_file file = open(path);
    if (!file.is_open())
      refuse(file.fault());
    const struct stat& facts = file.facts();
    const validators current = validators_of(facts);
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    const std::string_view type = content_type_of(path);
    if (auto done = answer_preconditions(r, current)) {
      add_cache_control(*done, type);
      return *std::move(done);
    }
    const byte_range range = choose_range(r.headers(), r.method(), size, current, now());
    if (range.outcome == range_outcome::unsatisfiable) {
      response refusal = error_page(r.headers(), status::range_not_satisfiable);
      refusal.headers.emplace_back("Content-Range", to_content_range(range, size));
      return refusal;
    }
    const bool is_part = range.outcome == range_outcome::part;
    response answer;
    answer.status = is_part ? status::partial_content : status::ok;
    answer.content_type = type;
    set_validators(answer, current);
    add_cache_control(answer, type);
    answer.headers.emplace_back("Accept-Ranges", "bytes");
    answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
    if (is_part)
      answer.headers.emplace_back("Content-Range", to_content_range(range, size));
    const std::uint64_t first = is_part ? range.first : 0;
    const std::uint64_t length = is_part ? range.length : size;
    answer.file = std::make_shared<const file_part>(file.release(), first, length);
    return answer;
  }

private:
  /// The regular file that a path names, in the first root that has one; `path` becomes its name.
  core::open_file open(std::string& path) const {
    const std::string asked = path;
    core::open_file found = open_in_roots(path);
    for (const auto& pattern : options_.try_files) {
      if (found.is_open() || found.fault() != ENOENT)
        break;
      path = files::path_to_try(pattern, asked);
      if (files::is_wanted_path(path, options_.hidden))
        found = open_in_roots(path);
    }
    return found;
  }

  core::open_file open_in_roots(std::string& path) const {
    const bool is_folder = path.empty() || path.back() == '/';
    for (const auto& root : roots_) {
      if (!is_folder) {
        core::open_file file = root->open(path);
        if (is_answer(file))
          return file;
        continue;
      }
      for (const auto& name : options_.index) {
        const std::string index = path + name;
        core::open_file file = root->open(index);
        if (!is_answer(file))
          continue;
        path = index;
        return file;
      }
    }
    return core::open_file(ENOENT);
  }

  /// A file that can be sent, or a fault that hides what is in further roots.
  static bool is_answer(const core::open_file& file) {
    return file.is_open() ? S_ISREG(file.facts().st_mode) : status_of(file.fault()) != status::not_found;
  }

  void add_cache_control(response& to, std::string_view type) const {
    if (const auto value = options_.cache_control.value_for(type); !value.empty())
      to.headers.emplace_back("Cache-Control", value);
  }

  static_options options_;
  std::vector<std::shared_ptr<const core::folder>> roots_; // shared by the copies that std::function makes
};

struct extension {
  std::string_view name;
  std::string_view type;
};

// by name
constexpr extension extensions[] = {
    {"avif", "image/avif"},
    {"bin", "application/octet-stream"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/x-icon"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"ogg", "audio/ogg"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"txt", "text/plain; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xml", "application/xml"},
    {"zip", "application/zip"},
};

} // namespace

handler static_files(static_options options) { return file_handler(std::move(options)); }

std::string_view content_type_of(std::string_view file_name) noexcept {
  const auto dot = file_name.rfind('.');
  if (dot != std::string_view::npos)
    for (const auto& known : extensions)
      if (equal_ignoring_case(file_name.substr(dot + 1), known.name))
        return known.type;
  return "application/octet-stream";
}

} // namespace perron::httpd
