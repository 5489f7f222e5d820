// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace perron::testing {

/// A folder for one test, gone with it.
class temporary_folder {
public:
  temporary_folder() {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("perron_rules_" + std::to_string(::getpid()) + '_' + std::to_string(++number));
    std::filesystem::create_directory(path_);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string path() const { return path_.string(); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

  /// Puts a file there, in place of another by a rename.
  std::string write(const std::string& name, const std::string& content) const {
    const std::string at = file(name);
    std::ofstream(at + "~", std::ios::binary) << content;
    std::filesystem::rename(at + "~", at);
    return at;
  }

private:
  std::filesystem::path path_;
};

} // namespace perron::testing
