// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/pid_file.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace perron::httpd::program {

runtime::result<pid_file> pid_file::write(const std::string& path) {
  pid_file out;
  if (path.empty())
    return out;
  const auto failed = [&](const char* step) {
    const int code = errno;
    return runtime::error{"pid_file " + path + ": " + step + ": " + std::strerror(code), code};
  };
  out.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (out.fd_ < 0)
    return failed("open");
  if (::flock(out.fd_, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> holder{};
    const ssize_t n = ::pread(out.fd_, holder.data(), holder.size() - 1, 0);
    std::string who(holder.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    while (who.ends_with('\n'))
      who.pop_back();
    return runtime::error{"pid_file " + path + ": process " + who + " holds it, which runs already", EBUSY};
  }
  out.path_ = path;
  out.owner_ = ::getpid();
  const std::string text = std::to_string(::getpid()) + '\n';
  if (::ftruncate(out.fd_, 0) != 0 ||
      ::pwrite(out.fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return failed("write");
  return out;
}

pid_file::~pid_file() {
  if (!path_.empty() && owner_ == ::getpid())
    ::unlink(path_.c_str());
  if (fd_ >= 0)
    ::close(fd_);
}

} // namespace perron::httpd::program
