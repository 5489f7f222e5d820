// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

/// Processes that do what they should not, as bodies for spawn.
namespace perron::testing::bad {

/// Throws at once.
struct crash {
  std::string text = "as ordered";
  void operator()() const { throw std::runtime_error(text); }
};

/// Waits for ever and takes no mail.
struct hang {
  struct never {};
  void operator()() const { runtime::receive_one<never>(); }
};

/// Computes without giving way until the flag is set; then ends.
struct spin {
  std::shared_ptr<std::atomic<bool>> enough = std::make_shared<std::atomic<bool>>(false);
  void operator()() const {
    while (!enough->load(std::memory_order_acquire)) {
    }
  }
};

/// Sends to `victim` for as long as it lives.
struct flood {
  runtime::pid victim;
  void operator()() const {
    while (runtime::send(victim, std::string("and another one"))) {
    }
  }
};

/// Ends by nothing but kill: exit signals are mail to it, which it ignores.
struct trap_exits {
  void operator()() const {
    runtime::trap_exit(true);
    for (;;)
      runtime::receive([](runtime::any_message) {});
  }
};

/// Catches whatever is thrown through it and goes on, the order to end included.
struct swallow_everything {
  int rounds = 3;
  void operator()() const {
    for (int i = 0; i < rounds; ++i) {
      try {
        runtime::receive_one<hang::never>();
      } catch (...) {
      }
    }
    runtime::receive_one<hang::never>();
  }
};

/// Throws in a destructor while another exception is under way, which calls std::terminate.
struct throw_in_destructor {
  struct thrower {
    ~thrower() noexcept(false) { throw std::runtime_error("from a destructor"); }
  };
  void operator()() const {
    const thrower held;
    throw std::runtime_error("the first");
  }
};

} // namespace perron::testing::bad
