// SPDX-License-Identifier: BSD-3-Clause
//
// Files from a folder: that of --root, or one that it makes with two to try.
#include "routes.hpp"

#include <perron/httpd/static_files.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using namespace perron;

namespace {

void write(const std::filesystem::path& file, std::size_t size) {
  if (std::filesystem::exists(file) && std::filesystem::file_size(file) == size)
    return;
  constexpr std::string_view line = "Perron serves this line from a file, and this one, again and again.\n";
  std::string content;
  content.reserve(size + line.size());
  while (content.size() < size)
    content += line;
  content.resize(size);
  const auto part = std::filesystem::path(file).concat("." + std::to_string(::getpid()));
  std::ofstream(part, std::ios::binary) << content;
  std::filesystem::rename(part, file); // whole, or not there
}

/// A folder of this user's with hello.txt of 1 KB and big.bin of 1 MB.
std::string folder_to_try() {
  const auto folder =
      std::filesystem::temp_directory_path() / ("perron-kitchen-sink-" + std::to_string(::getuid()));
  std::filesystem::create_directories(folder);
  write(folder / "hello.txt", 1024);
  write(folder / "big.bin", std::size_t(1) << 20U);
  return folder.string();
}

} // namespace

void add_file_routes(httpd::router& r, const std::string& root) {
  r.get("/static/*path", httpd::static_files({.root = root.empty() ? folder_to_try() : root}));
}
