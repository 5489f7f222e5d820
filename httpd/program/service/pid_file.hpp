// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <string>

namespace perron::httpd::program {

/// A file with the number of the process. Its lock shows that the program runs: one that crashed leaves a
/// file, but no lock.
class pid_file {
public:
  pid_file() = default;
  /// Errors: the folder is not writable; another process has it (code EEXIST).
  static runtime::result<pid_file> create(const std::string& path);
  /// Removes it, where that is still allowed.
  ~pid_file();
  pid_file(pid_file&& other) noexcept;
  pid_file& operator=(pid_file&& other) noexcept;
  pid_file(const pid_file&) = delete;
  pid_file& operator=(const pid_file&) = delete;

private:
  std::string path_{};
  int fd_ = -1;
};

} // namespace perron::httpd::program
