// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace perron::supervisors::core {

/// A file descriptor that is closed with its owner. What gives it may fail: throws std::system_error then.
class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {
    if (fd < 0)
      throw std::system_error(errno, std::system_category(), "perron: application");
  }
  ~descriptor() { ::close(fd_); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const noexcept { return fd_; }

private:
  int fd_;
};

} // namespace perron::supervisors::core
