// SPDX-License-Identifier: BSD-3-Clause
//
// examples/guide/README.md shows what is in the sources beside it, and what they print.
#include "support/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace perron::testing {
namespace {

const std::filesystem::path folder = PERRON_SOURCE_DIR "/examples/guide";

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The fenced blocks of the guide that are marked as `language`.
std::vector<std::string> blocks(std::string_view language) {
  std::vector<std::string> found;
  std::istringstream guide(contents(folder / "README.md"));
  const std::string begin = "```" + std::string(language);
  bool inside = false;
  for (std::string line; std::getline(guide, line);) {
    if (line == begin) {
      inside = true;
      found.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      found.back() += line + "\n";
    }
  }
  return found;
}

std::string without_pids(const std::string& text) {
  return std::regex_replace(text, std::regex("<[0-9]+>"), "<pid>");
}

/// What the guide's program prints for one chapter.
std::string output_of(const std::string& chapter) {
  program guide(PERRON_BIN_DIR "/guide", {chapter});
  std::string all;
  for (std::string line = guide.read_line(); !line.empty(); line = guide.read_line())
    all += line + "\n";
  EXPECT_EQ(guide.wait(), 0) << guide.logged();
  return all;
}

TEST(guide, shows_code_that_is_compiled) {
  std::string sources;
  for (const auto& each : std::filesystem::directory_iterator(folder))
    if (each.path().extension() == ".cpp" || each.path().extension() == ".hpp")
      sources += contents(each.path());
  const std::vector<std::string> shown = blocks("cpp");
  EXPECT_GE(shown.size(), 12U);
  for (const std::string& code : shown)
    EXPECT_NE(sources.find(code), std::string::npos) << "in no source:\n" << code;
}

TEST(guide, shows_what_its_programs_print) {
  const std::string prompt = "$ guide ";
  std::set<std::string> shown;
  for (const std::string& block : blocks("text")) {
    const std::size_t end = block.find('\n');
    ASSERT_EQ(block.substr(0, prompt.size()), prompt);
    const std::string chapter = block.substr(prompt.size(), end - prompt.size());
    shown.insert(chapter);
    EXPECT_EQ(without_pids(output_of(chapter)), without_pids(block.substr(end + 1))) << chapter;
  }
  std::set<std::string> chapters;
  program guide(PERRON_BIN_DIR "/guide", {});
  for (std::string line = guide.read_line(); !line.empty(); line = guide.read_line())
    chapters.insert(line);
  EXPECT_EQ(guide.wait(), 0);
  EXPECT_EQ(shown, chapters);
}

TEST(guide, does_not_run_what_it_does_not_have) {
  program guide(PERRON_BIN_DIR "/guide", {"no-such-chapter"});
  EXPECT_EQ(guide.wait(), 2);
}

} // namespace
} // namespace perron::testing
