// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/service/pid_file.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace perron::httpd::program {

runtime::result<pid_file> pid_file::create(const std::string& path) {
  const auto failed = [&](const char* what, int code) {
    return runtime::error{"pid file '" + path + "': " + what + ": " + std::strerror(code), code};
  };
  pid_file out;
  out.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (out.fd_ < 0)
    return failed("open", errno);
  if (::flock(out.fd_, LOCK_EX | LOCK_NB) != 0)
    return runtime::error{"pid file '" + path + "': another process has it, so it runs already", EEXIST};
  const std::string text = std::to_string(::getpid()) + '\n';
  if (::ftruncate(out.fd_, 0) != 0 || ::pwrite(out.fd_, text.data(), text.size(), 0) < 0)
    return failed("write", errno);
  out.path_ = path;
  return out;
}

pid_file::~pid_file() {
  if (!path_.empty())
    ::unlink(path_.c_str());
  if (fd_ >= 0)
    ::close(fd_);
}

pid_file::pid_file(pid_file&& other) noexcept
    : path_(std::exchange(other.path_, {})), fd_(std::exchange(other.fd_, -1)) {}

pid_file& pid_file::operator=(pid_file&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

} // namespace perron::httpd::program
