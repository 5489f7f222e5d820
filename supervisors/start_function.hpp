// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/arguments.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace perron::supervisors {

/// What starting a child gave: its pid, and perhaps something to tell who asked for it (OTP {ok, Pid, Info}).
struct started {
  started() = default;
  started(runtime::pid child, std::string more = {}) : who(child), info(std::move(more)) {}

  runtime::pid who{}; ///< empty: there is nothing to run now, see ignore
  std::string info{};
};

/// Returned by a start function for which there is nothing to run now (OTP ignore). The spec is kept without
/// a process, unless it is temporary.
inline const started ignore{};

/// How a child is started: a copyable callable that gives its pid, a `started`, or a result of either. It may
/// take `const arguments&`, see with().
///
/// It runs in the supervisor's process, which serves nobody meanwhile, and once more for every restart. The
/// child must be linked to the supervisor when it returns, or its end goes unnoticed. An error or an
/// exception is a failed start.
class start_function {
public:
  start_function() = default;
  start_function(std::nullptr_t) {}
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, start_function> &&
           (std::invocable<F&> || std::invocable<F&, const arguments&>))
      start_function(F&& f) // NOLINT(bugprone-forwarding-reference-overload): excluded above
      : type_(&typeid(std::decay_t<F>)), call_(wrap(std::forward<F>(f))) {}

  runtime::result<started> operator()(const arguments& given = {}) const { return call_(given); }
  explicit operator bool() const noexcept { return static_cast<bool>(call_); }

  /// Lets go of the callable and what it holds; type() stays.
  void drop() noexcept { call_ = nullptr; }

  /// The type of the callable, for reports; that of nothing if there is none.
  const std::type_info& type() const noexcept { return *type_; }

private:
  using function = std::function<runtime::result<started>(const arguments&)>;

  template <class F>
  static function wrap(F&& f) {
    if constexpr (std::invocable<std::decay_t<F>&, const arguments&>)
      return function(std::forward<F>(f));
    else
      return [held = std::decay_t<F>(std::forward<F>(f))](
                 const arguments& given) mutable -> runtime::result<started> {
        if (given)
          return runtime::error{"bad_argument: the child takes no arguments"};
        return held();
      };
  }

  const std::type_info* type_ = &typeid(void);
  function call_;
};

} // namespace perron::supervisors
