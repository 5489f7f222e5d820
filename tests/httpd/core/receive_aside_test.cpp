// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/receive_aside.hpp>

#include "support/node_fixture.hpp"

#include <chrono>
#include <stdexcept>
#include <tuple>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;

struct own {};
struct other {};

/// Takes `own`, whoever else would.
class aside {
public:
  template <class R>
  auto clauses(bool& taken) {
    return std::tuple([this, &taken](own) -> R {
      taken = true;
      ++mine;
      return R();
    });
  }
  static std::chrono::nanoseconds left() { return runtime::no_timeout; }
  [[noreturn]] static void time_is_over() { throw std::logic_error("no time is set"); }

  int mine = 0;
};

class receive_aside_test : public node_fixture {};

TEST_F(receive_aside_test, keeps_what_is_its_own_from_clauses_that_take_anything) {
  run([] {
    aside a;
    runtime::send(runtime::self(), own{});
    runtime::send(runtime::self(), other{});
    bool was_other = false;
    receive_aside(a, [&](runtime::any_message m) { was_other = m.get_if<other>() != nullptr; });
    EXPECT_TRUE(was_other);
    EXPECT_EQ(a.mine, 1);
  });
}

TEST_F(receive_aside_test, gives_the_program_what_the_aside_does_not_want) {
  run([] {
    aside a;
    runtime::send(runtime::self(), other{});
    runtime::send(runtime::self(), own{});
    EXPECT_EQ(receive_aside(
                  a, [](other) { return 7; }, runtime::after(std::chrono::hours(1), [] { return 0; })),
              7);
    EXPECT_EQ(a.mine, 0);
    EXPECT_EQ(receive_aside(
                  a, [](other) { return 7; }, runtime::after(std::chrono::nanoseconds(0), [] { return 0; })),
              0);
  });
}

} // namespace
} // namespace perron::httpd::core
