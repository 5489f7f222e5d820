// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/file_opening.hpp>

#include <perron/runtime/blocking.hpp>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace perron::httpd::core {

namespace {

constexpr int how_to_open = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

#ifndef RESOLVE_CACHED
constexpr std::uint64_t RESOLVE_CACHED = 0x20; // Linux 5.12
#endif

/// A descriptor, or an errno value as a negative number.
int open_beneath(int folder, const char* path, std::uint64_t more, int flags = how_to_open) noexcept {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | more;
  const long fd = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

open_file with_facts(int descriptor) {
  if (descriptor < 0)
    return open_file(-descriptor);
  struct stat facts {};
  if (::fstat(descriptor, &facts) == 0)
    return {descriptor, facts};
  const int fault = errno;
  ::close(descriptor);
  return open_file(fault);
}

/// Whether openat2 says that there is no such call, or that a sandbox does not let it through.
bool is_unknown(int answer) noexcept { return answer == -ENOSYS || answer == -EPERM; }

} // namespace

open_file::~open_file() {
  if (fd_ >= 0)
    ::close(fd_);
}

folder::folder(const std::string& path, bool follow_links)
    : fd_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), follow_links_(follow_links) {
  if (fd_ < 0)
    throw std::system_error(errno, std::generic_category(), "perron: folder " + path);
}

folder::~folder() { ::close(fd_); }

open_file folder::open(const std::string& path) const {
  const std::uint64_t links = follow_links_ ? 0 : RESOLVE_NO_SYMLINKS;
  int descriptor = open_beneath(fd_, path.c_str(), RESOLVE_CACHED | links);
  if (descriptor >= 0 || descriptor == -ENOENT)
    return with_facts(descriptor);
  return runtime::blocking([&] {
    constexpr int most_tries = 8; // EAGAIN: something was renamed while a link was followed
    for (int i = 0; i < most_tries; ++i) {
      descriptor = open_beneath(fd_, path.c_str(), links);
      if (descriptor != -EAGAIN)
        break;
    }
    return is_unknown(descriptor) ? open_by_steps(path) : with_facts(descriptor);
  });
}

int folder::look(const std::string& path, struct stat& facts) const noexcept {
  const int fd = open_beneath(fd_, path.c_str(), follow_links_ ? 0 : RESOLVE_NO_SYMLINKS, O_PATH | O_CLOEXEC);
  if (fd < 0)
    return -fd;
  const int fault = ::fstat(fd, &facts) == 0 ? 0 : errno;
  ::close(fd);
  return fault;
}

open_file folder::open_by_steps(const std::string& path) const {
  int at = fd_;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string segment = path.substr(begin, end - begin);
    const bool is_last = end == path.size();
    const int flags = is_last ? how_to_open | O_NOFOLLOW : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int next = segment == ".." ? -1 : ::openat(at, segment.c_str(), flags);
    const int fault = segment == ".." ? EXDEV : errno;
    if (at != fd_)
      ::close(at);
    if (next < 0 || is_last)
      return with_facts(next < 0 ? -fault : next);
    at = next;
    begin = end + 1;
  }
  return open_file(ENOENT);
}

} // namespace perron::httpd::core
