// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/response.hpp>

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace perron::httpd {

file_part::~file_part() {
  if (fd >= 0 && of_ == nullptr)
    ::close(fd);
}

bool file_part::is_first_use() const noexcept {
  std::atomic<bool>& used = of_ != nullptr ? of_->used_ : used_;
  return !used.load(std::memory_order_relaxed) && !used.exchange(true, std::memory_order_relaxed);
}

bool file_part::read(std::span<char> into) const noexcept {
  if (bytes != nullptr && into.size() <= length) {
    std::memcpy(into.data(), bytes, into.size());
    return true;
  }
  auto at = static_cast<::off_t>(offset);
  while (!into.empty()) {
    const ::ssize_t n = ::pread(fd, into.data(), into.size(), at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    into = into.subspan(static_cast<std::size_t>(n));
    at += n;
  }
  return true;
}

} // namespace perron::httpd
