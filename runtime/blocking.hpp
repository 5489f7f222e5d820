// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace perron::runtime {

namespace detail {
/// Throws what `work` throws.
void run_blocking(const std::function<void()>& work);
} // namespace detail

/// Runs `work` on a pool of threads made for blocking (files, databases, foreign libraries) while the process
/// waits and its worker serves others. Gives what `work` gives, throws what it throws. `work` runs outside of
/// any process: it may not receive. The process cannot be ended before `work` returns. About 10 µs.
///
/// Not for sockets and timers, which never block a worker here.
template <class F>
auto blocking(F&& work) -> std::invoke_result_t<F&> {
  using value = std::invoke_result_t<F&>;
  if constexpr (std::is_void_v<value>) {
    detail::run_blocking([&] { work(); });
  } else {
    std::optional<value> made;
    detail::run_blocking([&] { made.emplace(work()); });
    return std::move(*made);
  }
}

} // namespace perron::runtime
