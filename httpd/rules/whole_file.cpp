// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/whole_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace perron::httpd::core {
namespace {

runtime::error fault(const std::string& file, int code) {
  return runtime::error{file + " cannot be read: " + std::generic_category().message(code), code};
}

runtime::result<std::string> read_open(int descriptor, const std::string& file, std::size_t most) {
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0)
    return fault(file, errno);
  if (!S_ISREG(facts.st_mode))
    return fault(file, S_ISDIR(facts.st_mode) ? EISDIR : EINVAL);
  if (static_cast<std::size_t>(facts.st_size) > most)
    return fault(file, EFBIG);
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::read(descriptor, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fault(file, errno);
    if (n == 0)
      text.resize(done); // it has become shorter
    done += static_cast<std::size_t>(n);
  }
  return text;
}

} // namespace

runtime::result<std::string> read_whole_file(const std::string& file, std::size_t most) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0)
    return fault(file, errno);
  auto text = read_open(descriptor, file, most);
  ::close(descriptor);
  return text;
}

} // namespace perron::httpd::core
