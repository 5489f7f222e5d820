// SPDX-License-Identifier: BSD-3-Clause
#include "support/program.hpp"
#include "support/sanitizers.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace {

using namespace perron::testing;

// README.md of this folder says what is compared, and how to compare more.
TEST(parser_differential, takes_nothing_that_others_refuse_or_read_otherwise) {
  const std::size_t all = scaled(120'000, 10'000);
  constexpr std::size_t part = 10'000; // so that each program has said something in time
  for (std::size_t done = 0; done < all; done += part) {
    program comparison(PERRON_BIN_DIR "/tests/parser_differential_program",
                       {"--seeds", std::to_string(done + 1) + '-' + std::to_string(done + part)});
    std::string said;
    for (std::string line = comparison.read_line(); !line.empty(); line = comparison.read_line())
      said += line + '\n';
    ASSERT_EQ(comparison.wait(), 0) << said;
  }
}

} // namespace
