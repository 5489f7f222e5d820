// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/log_file.hpp>

#include <perron/httpd/access_log/compress_file.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

namespace perron::httpd {
namespace {

runtime::error failed(const char* what, const std::string& path) {
  const int code = errno;
  return {std::string(what) + " log '" + path + "': " + std::strerror(code), code};
}

runtime::result<int> open_to_append(const log_file_options& options) {
  constexpr int how = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
  if ((options.uid || options.gid) && ::geteuid() == 0) {
    const int made = ::open(options.path.c_str(), how | O_EXCL, options.mode);
    if (made >= 0) {
      if (::fchown(made, options.uid.value_or(static_cast<::uid_t>(-1)),
                   options.gid.value_or(static_cast<::gid_t>(-1))) == 0)
        return made;
      auto why = failed("give away", options.path);
      ::close(made);
      return why;
    }
  }
  const int fd = ::open(options.path.c_str(), how, options.mode);
  if (fd < 0)
    return failed("open", options.path);
  return fd;
}

/// False: see errno.
bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) { // somebody has made the pipe that stdout is so
      pollfd room{fd, POLLOUT, 0};
      ::poll(&room, 1, 1000);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

/// Where there are no such locks, files are still whole: only who puts them aside is not agreed.
void lock(int fd, int how) noexcept {
  while (::flock(fd, how) != 0 && errno == EINTR) {
  }
}

/// As many whole lines as a pipe takes in one piece (pipe(7)), at least one.
std::string_view one_piece(std::string_view lines) noexcept {
  if (lines.size() <= PIPE_BUF)
    return lines;
  std::size_t end = lines.rfind('\n', PIPE_BUF - 1);
  if (end == std::string_view::npos)
    end = lines.find('\n');
  return lines.substr(0, end == std::string_view::npos ? lines.size() : end + 1);
}

} // namespace

runtime::result<std::unique_ptr<log_file>> log_file::open(const log_file_options& options) {
  std::unique_ptr<log_file> out(new log_file(options));
  if (out->is_stream()) {
    out->fd_ = options.path == "stdout" ? STDOUT_FILENO : STDERR_FILENO;
    return out;
  }
  if (const auto opened = out->reopen(); !opened)
    return opened.error();
  return out;
}

log_file::~log_file() {
  if (compressing_.joinable())
    compressing_.join();
  if (fd_ >= 0 && !is_stream())
    ::close(fd_);
}

runtime::result<void> log_file::reopen() {
  if (is_stream())
    return {};
  const auto fd = open_to_append(options_);
  if (!fd)
    return fd.error();
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = *fd;
  struct stat now {};
  ::fstat(fd_, &now);
  size_ = static_cast<std::uint64_t>(now.st_size);
  period_ = period_of(std::chrono::system_clock::from_time_t(now.st_mtime));
  return {};
}

/// Counts pieces of local time, so that days end at midnight.
std::int64_t log_file::period_of(time_point t) const noexcept {
  if (options_.rotate_every.count() <= 0)
    return 0;
  const std::time_t second = std::chrono::system_clock::to_time_t(t);
  std::tm local{};
  ::localtime_r(&second, &local);
  return (second + local.tm_gmtoff) / options_.rotate_every.count();
}

bool log_file::is_due(std::size_t more, time_point now) const noexcept {
  if (is_stream() || size_ == 0)
    return false;
  return (options_.rotate_size != 0 && size_ + more > options_.rotate_size) || period_of(now) > period_;
}

runtime::result<void> log_file::write(std::string_view lines, time_point now) {
  runtime::result<void> rotated;
  const bool takes_turns = options_.shared && !is_stream();
  if (takes_turns)
    rotated = take_turn(lines.size(), now);
  else if (is_due(lines.size(), now))
    rotated = rotate();
  if (size_ == 0)
    period_ = period_of(now);
  bool done = true;
  if (options_.shared && is_stream())
    for (std::string_view left = lines; done && !left.empty();) {
      const std::string_view piece = one_piece(left);
      done = write_all(fd_, piece);
      left.remove_prefix(piece.size());
    }
  else
    done = write_all(fd_, lines);
  auto outcome = done ? std::move(rotated) : failed("write", options_.path);
  if (takes_turns)
    lock(fd_, LOCK_UN);
  if (done)
    size_ += lines.size();
  return outcome;
}

/// Locks the file that the path leads to, puts it aside first if it is due. With an error the file that was
/// open stays so, for what can be written there.
runtime::result<void> log_file::take_turn(std::size_t more, time_point now) {
  for (bool alone = false;;) {
    lock(fd_, alone ? LOCK_EX : LOCK_SH); // not in one step: what holds is looked at again
    if (!is_at_path()) {
      if (auto opened = reopen(); !opened)
        return opened;
      alone = false; // the lock is gone with the file
    } else if (!is_due(more, now)) {
      return {};
    } else if (!std::exchange(alone, true)) {
      continue;
    } else if (auto rotated = rotate(); !rotated) {
      return rotated;
    } else {
      alone = false;
    }
  }
}

/// Whether the path still leads to the file that is open, whose size and age are taken over then. Who may not
/// look, as only root may who has opened it, goes on with it.
bool log_file::is_at_path() noexcept {
  struct stat mine {};
  struct stat there {};
  if (::fstat(fd_, &mine) != 0)
    return false;
  if (::stat(options_.path.c_str(), &there) != 0) {
    if (errno != EACCES)
      return false;
  } else if (mine.st_ino != there.st_ino || mine.st_dev != there.st_dev) {
    return false;
  }
  size_ = static_cast<std::uint64_t>(mine.st_size);
  period_ = period_of(std::chrono::system_clock::from_time_t(mine.st_mtime));
  return true;
}

runtime::result<void> log_file::rotate() {
  if (is_stream())
    return {};
  if (compressing_.joinable())
    compressing_.join();
  const std::string gz = ".gz";
  for (const char* end : {"", ".gz"})
    ::unlink((put_aside(options_.keep) + end).c_str());
  for (unsigned i = options_.keep; i > 1; --i)
    for (const char* end : {"", ".gz"})
      ::rename((put_aside(i - 1) + end).c_str(), (put_aside(i) + end).c_str()); // most are not there
  const int moved = options_.keep == 0 ? ::unlink(options_.path.c_str())
                                       : ::rename(options_.path.c_str(), put_aside(1).c_str());
  if (moved != 0 && errno != ENOENT)
    return failed("put aside", options_.path);
  if (auto opened = reopen(); !opened)
    return opened;
  if (options_.compress && options_.keep != 0)
    compressing_ = std::thread([path = put_aside(1)] { access_log_detail::compress_file(path); });
  return {};
}

} // namespace perron::httpd
