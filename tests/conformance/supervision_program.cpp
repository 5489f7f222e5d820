// SPDX-License-Identifier: BSD-3-Clause
//
// Compares Perron's supervisors with OTP's: the scenarios of files, or those made from seeds. run.sh starts
// it.
#include "conformance/supervision/comparison.hpp"
#include "conformance/supervision/differences.hpp"
#include "conformance/supervision/generator.hpp"
#include "conformance/supervision/scenario.hpp"

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::conformance;

constexpr std::string_view usage =
    "supervision_program [--verbose] FILE...      compare the scenarios of files\n"
    "supervision_program --seeds FIRST-LAST       compare made up ones\n"
    "supervision_program --show SEED              print a made up one\n";

void compare_seeds(comparison& with, const std::string& range) {
  const std::size_t dash = range.find('-');
  const std::uint64_t first = std::stoull(range);
  const std::uint64_t last = dash == std::string::npos ? first : std::stoull(range.substr(dash + 1));
  constexpr std::uint64_t at_once = 256;
  for (std::uint64_t seed = first; seed <= last;) {
    std::vector<scenario> plays;
    for (; seed <= last && plays.size() < at_once; ++seed)
      plays.push_back(make_scenario(seed));
    with.run(plays);
  }
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[0] == "--show") {
    std::cout << make_scenario(std::stoull(words[1])).text;
    return EXIT_SUCCESS;
  }
  const bool verbose = !words.empty() && words[0] == "--verbose";
  const std::string here = PERRON_SOURCE_DIR "/tests/conformance/";
  comparison both(here + "supervision.escript", read_differences(here + "differences.txt"), verbose);
  if (words.size() == 2 && words[0] == "--seeds")
    compare_seeds(both, words[1]);
  else
    for (std::size_t i = verbose ? 1 : 0; i < words.size(); ++i)
      both.run(read_scenarios(words[i]));
  std::cout << both.passed() << " passed, " << both.failed() << " failed\n";
  return both.failed() == 0 && both.passed() > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || words[0] == "--help") {
    std::cerr << usage;
    return EXIT_FAILURE;
  }
  try {
    return run(words);
  } catch (const std::exception& e) {
    std::cerr << "supervision_program: " << e.what() << '\n';
    return EXIT_FAILURE;
  }
}
