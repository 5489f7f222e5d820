// SPDX-License-Identifier: BSD-3-Clause
//
// bad/NAME.toml are configurations that must be refused, bad/NAME.txt what must be said. To write the texts
// anew after a change, run with PERRON_WRITE_EXPECTED=1 and read the difference.
#include <perron/httpd/program/config/load.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace perron::httpd::program;
namespace fs = std::filesystem;

namespace {

const fs::path folder = fs::path(PERRON_SOURCE_DIR) / "tests/httpd/program/config/bad";

std::vector<fs::path> bad_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".toml")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// What is said of a file, as if it were in the working folder.
std::string said_of(const fs::path& file) {
  auto text = to_text(load_file(file.string()).errors);
  const auto prefix = folder.string() + '/';
  for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at))
    text.erase(at, prefix.size());
  return text;
}

TEST(bad_configurations, there_are_many) { EXPECT_GE(bad_files().size(), 100U); }

TEST(bad_configurations, each_is_refused_with_these_words) {
  for (const auto& file : bad_files()) {
    auto expected = file;
    expected.replace_extension(".txt");
    const auto said = said_of(file);
    if (std::getenv("PERRON_WRITE_EXPECTED") != nullptr)
      std::ofstream(expected, std::ios::binary) << said;
    EXPECT_FALSE(said.empty()) << file;
    EXPECT_EQ(said, contents(expected)) << file;
  }
}

TEST(bad_configurations, each_message_has_file_line_key_and_remedy) {
  for (const auto& file : bad_files())
    for (const auto& error : load_file(file.string()).errors) {
      SCOPED_TRACE(error.to_string());
      const bool is_syntax = error.what.starts_with("not TOML");
      EXPECT_TRUE(fs::exists(error.place.file));
      // A file without any site has no line that could be named.
      EXPECT_TRUE(error.place.line != 0 || error.what == "there is no site");
      EXPECT_EQ(error.key.empty(), is_syntax);
      EXPECT_FALSE(error.what.empty());
      EXPECT_FALSE(error.remedy.empty());
    }
}

TEST(bad_configurations, all_mistakes_of_a_file_are_told) {
  EXPECT_EQ(load_file((folder / "whole_many.toml").string()).errors.size(), 8U);
}

} // namespace
