// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/shared_text.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>

namespace perron::httpd::program {
namespace {

enum : ::off_t { text_byte = 0, turn_byte = 1 };

/// A lock of this process; its threads share it.
void lock(int fd, ::off_t byte, short how) noexcept {
  struct flock what {};
  what.l_type = how;
  what.l_whence = SEEK_SET;
  what.l_start = byte;
  what.l_len = 1;
  while (::fcntl(fd, F_SETLKW, &what) != 0 && errno == EINTR) {
  }
}

} // namespace

/// | field  | who may touch it                                              |
/// |--------|---------------------------------------------------------------|
/// | fd     | not changed                                                   |
/// | text   | held while this process has the lock of the text              |
/// | taken  | under `turns`: a thread of this process has the turn          |
struct shared_text::parts {
  int fd = -1;
  std::mutex text{};
  std::mutex turns{};
  std::condition_variable given_back{};
  bool taken = false;

  ~parts() { ::close(fd); }
};

runtime::result<std::shared_ptr<shared_text>> shared_text::make(const char* name) {
  auto made = std::make_unique<parts>();
  made->fd = ::memfd_create(name, MFD_CLOEXEC);
  if (made->fd < 0)
    return runtime::error{std::string("memfd_create: ") + std::strerror(errno), errno};
  return std::shared_ptr<shared_text>(new shared_text(std::move(made)));
}

shared_text::shared_text(std::unique_ptr<parts> of) : parts_(std::move(of)) {}
shared_text::~shared_text() = default;

std::string shared_text::read() const {
  const std::lock_guard hold(parts_->text);
  lock(parts_->fd, text_byte, F_RDLCK);
  struct stat now {};
  ::fstat(parts_->fd, &now);
  std::string out(static_cast<std::size_t>(now.st_size), '\0');
  const ssize_t n = ::pread(parts_->fd, out.data(), out.size(), 0);
  out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  lock(parts_->fd, text_byte, F_UNLCK);
  return out;
}

void shared_text::write(std::string_view text) const {
  const std::lock_guard hold(parts_->text);
  lock(parts_->fd, text_byte, F_WRLCK);
  static_cast<void>(!::ftruncate(parts_->fd, 0));
  // memory takes all of it at once
  static_cast<void>(!::pwrite(parts_->fd, text.data(), text.size(), 0));
  lock(parts_->fd, text_byte, F_UNLCK);
}

shared_text::turn::turn(const shared_text& of) : of_(of) {
  parts& p = *of_.parts_;
  std::unique_lock hold(p.turns);
  p.given_back.wait(hold, [&] { return !p.taken; });
  p.taken = true;
  hold.unlock();
  lock(p.fd, turn_byte, F_WRLCK);
}

shared_text::turn::~turn() {
  parts& p = *of_.parts_;
  lock(p.fd, turn_byte, F_UNLCK);
  {
    const std::lock_guard hold(p.turns);
    p.taken = false;
  }
  p.given_back.notify_one();
}

} // namespace perron::httpd::program
