// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "httpd/server_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <perron/httpd/static_files.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace perron::testing {

/// A server of the files in a folder of the test, below /static/.
class files_fixture : public server_fixture {
protected:
  std::filesystem::path root() const { return folder_.path() / "root"; }

  /// A file that was changed an hour ago, or `age` ago. Replaces, as files are to be replaced.
  void write(const std::string& name, std::string_view content,
             std::chrono::seconds age = std::chrono::hours(1)) const {
    const auto path = root() / name;
    const auto fresh = root() / ".being-written";
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(fresh, std::ios::binary) << content;
    std::filesystem::last_write_time(fresh, std::filesystem::file_time_type::clock::now() - age);
    std::filesystem::rename(fresh, path);
  }

  /// Serves `root()` with these options; every request looks at its file unless they say otherwise.
  void serve_files(httpd::static_options options = {.cache = {.fresh = std::chrono::milliseconds(0)}}) {
    std::filesystem::create_directories(root());
    if (options.root.empty())
      options.root = root().string();
    httpd::router r;
    r.get("/static/*path", httpd::static_files(std::move(options)));
    serve(std::move(r));
  }

  answer get(std::string_view path, std::string_view fields = {}) {
    return client().get("/static/" + std::string(path), fields);
  }
  answer head(std::string_view path, std::string_view fields = {}) {
    return client().ask("HEAD /static/" + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" +
                            std::string(fields) + "\r\n",
                        true);
  }

  static std::string numbers(std::size_t size) {
    std::string all;
    for (int i = 0; all.size() < size; ++i)
      all += std::to_string(i) + ' ';
    all.resize(size);
    return all;
  }

private:
  temporary_folder folder_;
};

} // namespace perron::testing
