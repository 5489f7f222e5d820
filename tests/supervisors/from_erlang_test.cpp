// SPDX-License-Identifier: BSD-3-Clause
//
// Names that supervisors/FROM_ERLANG.md gives for Perron's side are in Perron's headers.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace perron::supervisors {
namespace {

const std::filesystem::path source = PERRON_SOURCE_DIR;

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

void add_words(std::string_view text, std::set<std::string>& words) {
  static const std::regex word("[A-Za-z_][A-Za-z0-9_]*");
  const std::string all(text);
  for (auto at = std::sregex_iterator(all.begin(), all.end(), word); at != std::sregex_iterator(); ++at)
    words.insert(at->str());
}

std::set<std::string> words_of_headers() {
  std::set<std::string> words;
  for (const char* folder : {"runtime", "supervisors"})
    for (const auto& each : std::filesystem::recursive_directory_iterator(source / folder))
      if (each.path().extension() == ".hpp")
        add_words(contents(each.path()), words);
  return words;
}

/// What stands in backquotes, without its texts.
std::set<std::string> names_in(const std::string& cell) {
  static const std::regex code("`([^`]*)`");
  static const std::regex quoted("\"[^\"]*\"");
  std::set<std::string> names;
  for (auto at = std::sregex_iterator(cell.begin(), cell.end(), code); at != std::sregex_iterator(); ++at)
    add_words(std::regex_replace(at->str(1), quoted, ""), names);
  return names;
}

TEST(from_erlang, knows_the_names_it_gives) {
  const std::set<std::string> known = words_of_headers();
  std::istringstream page(contents(source / "supervisors" / "FROM_ERLANG.md"));
  std::size_t rows = 0;
  for (std::string line; std::getline(page, line);) {
    if (line.empty() || line.front() != '|')
      continue;
    const std::size_t begin = line.find(" | ") + 3;
    ++rows;
    for (const std::string& name : names_in(line.substr(begin, line.find(" | ", begin) - begin)))
      EXPECT_TRUE(name.size() == 1 || known.count(name) != 0) << "'" << name << "' in: " << line;
  }
  EXPECT_GT(rows, 100U);
}

} // namespace
} // namespace perron::supervisors
