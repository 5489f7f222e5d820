// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cstdlib>

namespace {

TEST(tour, every_command_of_the_readme_does_what_it_says) {
  if (std::system("command -v curl openssl htpasswd >/dev/null") != 0)
    GTEST_SKIP() << "there is no curl, openssl or htpasswd";
  EXPECT_EQ(std::system(PERRON_SOURCE_DIR "/tests/tour/run.sh " PERRON_BIN_DIR), 0);
}

} // namespace
