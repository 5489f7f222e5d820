// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/module_image.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace perron::httpd::core {
namespace {

/// Closes a descriptor unless it is taken.
class owned_descriptor {
public:
  explicit owned_descriptor(int fd) noexcept : fd_(fd) {}
  owned_descriptor(const owned_descriptor&) = delete;
  owned_descriptor& operator=(const owned_descriptor&) = delete;
  ~owned_descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  int take() noexcept { return std::exchange(fd_, -1); }

private:
  int fd_;
};

runtime::error last_error(const char* doing) {
  const int number = errno;
  return {std::string(doing) + ": " + std::strerror(number), number};
}

/// What the dynamic linker says names the copy; the reader knows the file.
std::string linker_error(const std::string& copy) {
  const char* said = ::dlerror();
  std::string text = said != nullptr ? said : "no reason given";
  if (text.starts_with(copy + ": "))
    text.erase(0, copy.size() + 2);
  return text;
}

} // namespace

runtime::result<std::shared_ptr<module_image>> module_image::load(const std::string& path) {
  const owned_descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0)
    return last_error("cannot be opened");
  struct ::stat about {};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return runtime::error{"is no file", ENOEXEC};
  owned_descriptor copy(::memfd_create("perron module", MFD_CLOEXEC));
  if (copy.get() < 0)
    return last_error("cannot be copied");
  for (auto left = about.st_size; left > 0;) {
    const ::ssize_t n = ::sendfile(copy.get(), file.get(), nullptr, static_cast<std::size_t>(left));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return last_error("cannot be copied");
    if (n == 0)
      return runtime::error{"has become shorter while it was read", EIO};
    left -= n;
  }
  const std::string name = "/proc/self/fd/" + std::to_string(copy.get());
  void* library = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return runtime::error{"cannot be loaded: " + linker_error(name), ENOEXEC};
  return std::make_shared<module_image>(library, copy.take());
}

module_image::~module_image() {
  if (is_kept_)
    return;
  if (unload_ != nullptr)
    unload_();
  ::dlclose(library_);
  ::close(copy_);
}

void* module_image::find(const char* name) const noexcept { return ::dlsym(library_, name); }

} // namespace perron::httpd::core
