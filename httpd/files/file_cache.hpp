// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/files/served_file.hpp>
#include <perron/httpd/files/static_options.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace perron::httpd::files {

/// Files by the path they were found under, kept open for a while. Bounded in descriptors and in bytes of
/// content; who was used longest ago goes first, and so does who was not used for a minute, as soon as
/// anybody looks again. An answer that carries a file keeps it alive whatever becomes of it here.
///
/// Any thread. The paths are spread over shards, each with a lock of its own that is held for one look-up in
/// a table, never for a system call. Times are milliseconds of any clock that does not go back, and are the
/// caller's.
class file_cache {
public:
  explicit file_cache(const file_cache_options& limits);
  ~file_cache();

  struct hit {
    std::shared_ptr<const served_file> file{}; ///< null: none
    bool fresh = false;                        ///< need not be looked at
    bool just_given = false; ///< somebody was given it in this millisecond, and looked if he had to
  };
  hit find(std::string_view path, std::uint64_t now_ms);

  /// From now on this one; what does not fit is not kept.
  void put(const std::string& path, std::shared_ptr<const served_file> file, std::uint64_t now_ms);
  /// It was looked at and is as it was.
  void renew(std::string_view path, const served_file& file, std::uint64_t now_ms) noexcept;
  /// There is none any more.
  void drop(std::string_view path) noexcept;

  bool is_on() const noexcept { return !shards_.empty(); }
  /// The size up to which content is kept; -1: none is.
  std::int64_t content_limit() const noexcept { return max_file_; }

  struct figures {
    std::size_t paths = 0;
    std::size_t descriptors = 0;
    std::size_t bytes = 0;
  };
  figures look() const;

private:
  struct slot {
    std::string path;
    std::shared_ptr<const served_file> file;
    std::uint64_t stale_at;
    std::uint64_t used_at;
  };
  /// All of it with `lock`.
  struct alignas(64) shard {
    mutable std::mutex lock;
    std::list<slot> by_use; ///< the last used one first
    std::unordered_map<std::string_view, std::list<slot>::iterator> by_path;
    std::size_t descriptors = 0;
    std::size_t bytes = 0;
  };

  shard& shard_of(std::string_view path) noexcept;
  /// Takes it out into `gone`, which is to be destroyed without the lock: that may close the file.
  static void take_out(shard& from, std::list<slot>::iterator which, std::list<slot>& gone) noexcept;

  std::uint64_t fresh_ms_;
  std::int64_t max_file_;
  std::size_t most_descriptors_; ///< of a shard
  std::size_t most_bytes_;       ///< of a shard
  std::vector<std::unique_ptr<shard>> shards_;
};

} // namespace perron::httpd::files
