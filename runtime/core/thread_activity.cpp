// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/thread_activity.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string_view>

namespace perron::runtime::core {

bool is_runnable(int number) noexcept {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/task/%d/stat", number);
  const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return false;
  std::array<char, 256> text{};
  const ::ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  if (size <= 0)
    return false;
  // proc(5): "number (name) state ...", and a name may hold whatever it likes
  const std::string_view all(text.data(), static_cast<std::size_t>(size));
  const std::size_t behind_name = all.rfind(") ");
  return behind_name != std::string_view::npos && all.substr(behind_name + 2).starts_with('R');
}

} // namespace perron::runtime::core
