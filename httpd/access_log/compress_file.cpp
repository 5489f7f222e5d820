// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/compress_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <vector>

namespace perron::httpd::access_log_detail {
namespace {

/// False: reading or writing failed.
bool copy_into(gzFile to, int from) {
  std::vector<char> piece(std::size_t(64) * 1024);
  for (;;) {
    const ssize_t n = ::read(from, piece.data(), piece.size());
    if (n == 0)
      return true;
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 || ::gzwrite(to, piece.data(), static_cast<unsigned>(n)) != n)
      return false;
  }
}

bool compress(int from, const struct stat& of, const std::string& to) {
  const int fd = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, of.st_mode & 0777U);
  if (fd < 0)
    return false;
  ::fchmod(fd, of.st_mode & 0777U);
  const std::array<timespec, 2> times{of.st_atim, of.st_mtim};
  const int again = ::dup(fd); // gzclose closes the one it has
  gzFile_s* const out = again < 0 ? nullptr : ::gzdopen(again, "wb6");
  if (out == nullptr) {
    if (again >= 0)
      ::close(again);
    ::close(fd);
    return false;
  }
  const bool copied = copy_into(out, from);
  const bool closed = ::gzclose(out) == Z_OK;
  ::futimens(fd, times.data());
  ::close(fd);
  return copied && closed;
}

} // namespace

bool compress_file(const std::string& path) {
  const int from = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (from < 0)
    return false;
  struct stat of {};
  const std::string part = path + ".gz.part";
  bool done = ::fstat(from, &of) == 0 && compress(from, of, part);
  ::close(from);
  done = done && ::rename(part.c_str(), (path + ".gz").c_str()) == 0;
  if (done)
    ::unlink(path.c_str());
  else
    ::unlink(part.c_str());
  return done;
}

} // namespace perron::httpd::access_log_detail
