// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/stat.h>

#include <string>
#include <utility>

namespace perron::httpd::core {

/// A file opened for reading with what fstat says of it, or why it could not be. Closes it.
class open_file {
public:
  explicit open_file(int fault) noexcept : fault_(fault) {}
  open_file(int descriptor, const struct stat& facts) noexcept : fd_(descriptor), facts_(facts) {}
  open_file(open_file&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), fault_(other.fault_), facts_(other.facts_) {}
  open_file& operator=(open_file&& other) noexcept {
    std::swap(fd_, other.fd_);
    fault_ = other.fault_;
    facts_ = other.facts_;
    return *this;
  }
  ~open_file();

  bool is_open() const noexcept { return fd_ >= 0; }
  int fault() const noexcept { return fault_; } ///< an errno value
  int fd() const noexcept { return fd_; }
  const struct stat& facts() const noexcept { return facts_; }
  int release() noexcept { return std::exchange(fd_, -1); }

private:
  int fd_ = -1;
  int fault_ = 0;
  struct stat facts_ {};
};

/// A folder whose files are opened by paths that cannot lead out of it. Any thread.
class folder {
public:
  /// Throws std::system_error if there is none at `path`.
  explicit folder(const std::string& path, bool follow_links = true);
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder();

  /// `path` is relative and has no "." and ".." segments. Links inside of the folder are followed where the
  /// kernel can make sure that they stay inside, and refused (ELOOP) where it cannot, or if the folder does
  /// not follow links. A FIFO does not block.
  /// In a process: waits for the disk outside of the worker, unless all directories on the way are cached.
  open_file open(const std::string& path) const;

  /// What stands there, after links that open() would follow, without opening it. Blocks the thread while the
  /// disk is waited for: not for a process. An errno value, 0 if `facts` is set.
  int look(const std::string& path, struct stat& facts) const noexcept;

  /// How it goes on a kernel without openat2: one segment after the other, no links.
  open_file open_by_steps(const std::string& path) const;

private:
  int fd_;
  bool follow_links_;
};

} // namespace perron::httpd::core
