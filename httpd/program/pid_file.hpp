// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <string>
#include <utility>

namespace perron::httpd::program {

/// A file with the number of this process, locked (flock) as long as it lives and then removed: a program
/// that crashed leaves a file, but no lock. Processes that are forked from it hold the lock as well, but only
/// it removes the file. For one owner.
class pid_file {
public:
  /// An empty path is no file. Error: it cannot be written, or another process holds it, which is named.
  static runtime::result<pid_file> write(const std::string& path);

  pid_file() noexcept = default;
  pid_file(pid_file&& other) noexcept
      : path_(std::exchange(other.path_, {})), fd_(std::exchange(other.fd_, -1)), owner_(other.owner_) {}
  pid_file& operator=(pid_file&&) = delete;
  ~pid_file();

private:
  std::string path_{};
  int fd_ = -1;
  int owner_ = 0;
};

} // namespace perron::httpd::program
