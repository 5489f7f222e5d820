// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/file_opening.hpp>

#include "support/node_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace perron::testing {
namespace {

using httpd::core::folder;

class file_opening : public node_fixture {
protected:
  void SetUp() override {
    node_fixture::SetUp();
    const auto root = temporary.path() / "root";
    std::filesystem::create_directories(root / "a" / "b");
    std::ofstream(root / "a" / "b" / "file") << "12345";
    std::ofstream(temporary.path() / "secret") << "x";
    std::filesystem::create_symlink("../../secret", root / "a" / "out");
    std::filesystem::create_symlink("b/file", root / "a" / "in");
    std::filesystem::create_directory_symlink("a", root / "also_a");
  }

  /// An errno value, or the negative size of the file, both ways of opening.
  struct both {
    long by_kernel;
    long by_steps;
    friend bool operator==(const both&, const both&) = default;
  };
  both open(const std::string& path) {
    both out{};
    run([&] {
      const folder root((temporary.path() / "root").string());
      const auto told = [](const httpd::core::open_file& f) {
        return f.is_open() ? -static_cast<long>(f.facts().st_size) : static_cast<long>(f.fault());
      };
      out = {told(root.open(path)), told(root.open_by_steps(path))};
    });
    return out;
  }

  temporary_folder temporary;
};

TEST_F(file_opening, files_below_are_opened) {
  EXPECT_EQ(open("a/b/file"), (both{-5, -5}));
  EXPECT_EQ(open("a/b/none"), (both{ENOENT, ENOENT}));
  EXPECT_EQ(open("a/none/file"), (both{ENOENT, ENOENT}));
  EXPECT_EQ(open("a/b/file/x"), (both{ENOTDIR, ENOTDIR}));
}

TEST_F(file_opening, links_inside_are_followed_by_the_kernel_only) {
  EXPECT_EQ(open("a/in").by_kernel, -5);
  EXPECT_EQ(open("also_a/b/file").by_kernel, -5);
  EXPECT_EQ(open("a/in").by_steps, ELOOP);
  EXPECT_GT(open("also_a/b/file").by_steps, 0);
}

TEST_F(file_opening, nothing_leads_out) {
  EXPECT_EQ(open("../secret"), (both{EXDEV, EXDEV}));
  EXPECT_EQ(open("a/../../secret"), (both{EXDEV, EXDEV}));
  EXPECT_EQ(open("a/out"), (both{EXDEV, ELOOP}));
  EXPECT_EQ(open((temporary.path() / "secret").string()).by_kernel, EXDEV);
}

TEST_F(file_opening, folder_has_to_be_one) {
  EXPECT_THROW(folder((temporary.path() / "secret").string()), std::system_error);
  EXPECT_THROW(folder((temporary.path() / "none").string()), std::system_error);
}

} // namespace
} // namespace perron::testing
