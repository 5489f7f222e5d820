// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace perron::runtime {

namespace detail {
void run_blocking(const std::function<void()>& work);
}

/// Runs `work` on a pool of threads made for blocking (files, databases, foreign libraries) while the process
/// waits and its worker serves others. Gives what `work` gives, throws what it throws. `work` runs outside of
/// any process: it may not receive. The process cannot be ended before `work` returns. About 10 µs.
///
/// Not for sockets and timers, which never block a worker here.
template <class F>
auto blocking(F&& work) -> std::invoke_result_t<F&> {
  using value = std::invoke_result_t<F&>;
  std::exception_ptr thrown;
  if constexpr (std::is_void_v<value>) {
    detail::run_blocking([&] {
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
    });
    if (thrown)
      std::rethrow_exception(thrown);
  } else {
    std::optional<value> made;
    detail::run_blocking([&] {
      try {
        made.emplace(work());
      } catch (...) {
        thrown = std::current_exception();
      }
    });
    if (thrown)
      std::rethrow_exception(thrown);
    return std::move(*made);
  }
}

} // namespace perron::runtime
