// SPDX-License-Identifier: BSD-3-Clause
#include "support/program.hpp"

#include <gmock/gmock.h>

namespace perron::testing {
namespace {

TEST(ring, passes_its_token_round_and_ends) {
  program ring(PERRON_BIN_DIR "/ring", {"--processes", "50", "--rounds", "20"});
  EXPECT_THAT(ring.read_line(), ::testing::MatchesRegex("50 processes, 20 rounds: [0-9]+ ns per hop"));
  EXPECT_EQ(ring.wait(), 0);
}

TEST(ring, refuses_what_is_no_ring) {
  program ring(PERRON_BIN_DIR "/ring", {"--processes", "1"});
  EXPECT_EQ(ring.wait(), 2);
  EXPECT_THAT(ring.logged(), ::testing::HasSubstr("a ring has two at least"));
}

} // namespace
} // namespace perron::testing
