// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/listing.hpp>
#include <perron/httpd/websocket/utf8.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

namespace perron::httpd::files {

namespace {

struct directory_closer {
  void operator()(DIR* d) const noexcept { ::closedir(d); }
};
using directory = std::unique_ptr<DIR, directory_closer>;

/// One with a descriptor of its own, at its front.
directory open_directory(int fd) {
  const int own = ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  directory opened(own < 0 ? nullptr : ::fdopendir(own));
  if (opened == nullptr) {
    const int fault = errno;
    if (own >= 0)
      ::close(own);
    throw std::system_error(fault, std::generic_category(), "perron: a folder cannot be listed");
  }
  return opened;
}

bool can_be_asked_for(std::string_view name, bool hidden) noexcept {
  if (name == "." || name == ".." || (!hidden && name.starts_with('.')))
    return false;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return std::none_of(name.begin(), name.end(), is_control) && rfc6455::is_utf8(name);
}

} // namespace

folder_content read_folder(const core::open_file& folder, const core::folder& root, const std::string& path,
                           bool hidden, std::size_t limit) {
  folder_content content;
  const directory from = open_directory(folder.fd());
  while (const dirent* entry = ::readdir(from.get())) {
    const std::string name = entry->d_name;
    if (!can_be_asked_for(name, hidden))
      continue;
    struct stat facts {};
    if (::fstatat(folder.fd(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (S_ISLNK(facts.st_mode) && root.look(path + name, facts) != 0)
      continue;
    if (!S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode))
      continue;
    if (content.entries.size() == limit) {
      content.is_whole = false;
      break;
    }
    const bool is_folder = S_ISDIR(facts.st_mode);
    content.entries.push_back({name, is_folder, is_folder ? 0 : static_cast<std::uint64_t>(facts.st_size),
                               http_time(std::chrono::seconds(facts.st_mtim.tv_sec))});
  }
  return content;
}

} // namespace perron::httpd::files
