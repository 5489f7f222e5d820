// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/call.hpp>
#include <perron/runtime/deadline.hpp>

#include "support/node_fixture.hpp"

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

class deadline_of : public node_fixture {};

TEST_F(deadline_of, no_time_is_over_and_without_limit_is_never) {
  run([] {
    EXPECT_TRUE(deadline(0s).is_over());
    EXPECT_TRUE(deadline(-1s).is_over());
    EXPECT_EQ(deadline(no_timeout).left(), no_timeout);
    EXPECT_FALSE(deadline(no_timeout).is_over());
  });
}

TEST_F(deadline_of, some_time_is_over_when_that_is_over) {
  run([] {
    const deadline due(2ms);
    receive(after(due.left(), [] {}));
    yield_until([&] { return due.is_over(); });
    EXPECT_EQ(due.left(), 0ns);
    EXPECT_LE(deadline(1h).left(), 1h + 1ms);
    EXPECT_GT(deadline(1h).left(), 0s);
  });
}

TEST_F(deadline_of, the_sooner_is_the_lesser) {
  run([] {
    EXPECT_LT(deadline(1s), deadline(1h));
    EXPECT_LT(deadline(1h), deadline(no_timeout));
    EXPECT_LT(deadline(0s), deadline(1ms));
  });
}

} // namespace
} // namespace perron::runtime
