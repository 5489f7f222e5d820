// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/conditional.hpp>
#include <perron/httpd/http_date.hpp>
#include <perron/httpd/response.hpp>

#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd::files {

/// What tells one state of one file from any other, as far as the kernel tells it.
struct file_identity {
  explicit file_identity(const struct stat& facts) noexcept;

  friend bool operator==(const file_identity&, const file_identity&) = default;

  std::uint64_t device;
  std::uint64_t inode;
  std::int64_t size;
  std::int64_t changed_ns; ///< its content (mtime)
  std::int64_t touched_ns; ///< that or its owner, mode, name (ctime)
};

/// The opaque part of an entity tag, 11 characters: of time and size of the last change and of the coding,
/// not of the inode, so that several servers with copies of one tree agree. Two states of a file that have
/// the same time and size have the same tag.
std::string to_tag(const file_identity& identity, std::string_view coding);

/// A file that is open, with all that an answer says of it, made once and sent any number of times, by any
/// number of requests at once. Never changes; shared by the count of its references.
struct served_file {
  /// Owns the descriptor. `kept`: all of the content, or nothing if it is not kept in memory.
  served_file(int descriptor, const struct stat& facts, std::optional<std::string> kept);

  /// Its validators as of `now`: while it has been changed less than two seconds ago its tag is weak, since a
  /// clock may have given the same time to another change (RFC 9110 8.8.1).
  validators validators_at(http_time now) const;
  std::size_t bytes_kept() const noexcept;
  std::size_t descriptors() const noexcept { return 1 + codings.size(); }

  std::string content; ///< before `whole`, which points into it
  file_part whole;
  file_identity identity;
  http_time changed;
  std::string tag;           ///< the opaque part
  std::string last_modified; ///< the text of `changed`
  std::string content_type{};
  std::string coding{};        ///< of Content-Encoding; empty: none
  std::string cache_control{}; ///< empty: none
  std::optional<std::chrono::seconds>
      max_age{}; ///< what cache_control says of it, if Expires is to say it too
  /// The same in other codings, smallest first.
  std::vector<std::shared_ptr<const served_file>> codings{};
};

/// A file and its keeping alive, as an answer carries it. Allocates nothing.
inline std::shared_ptr<const file_part> whole_of(std::shared_ptr<const served_file> file) noexcept {
  const file_part* part = &file->whole;
  return {std::move(file), part};
}

/// The max-age that a Cache-Control value says; nothing if none.
std::optional<std::chrono::seconds> max_age_of(std::string_view cache_control) noexcept;

} // namespace perron::httpd::files
