// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace perron::supervisors {

/// What one child of a simple_one_for_one supervisor is started with, at first and for every restart. Made by
/// with(). Copies share the values, which never change; any thread. One allocation.
class arguments {
public:
  /// None.
  arguments() = default;
  template <class... Ts>
  explicit arguments(std::tuple<Ts...> values)
      : type_(&typeid(std::tuple<Ts...>)),
        values_(std::make_shared<const std::tuple<Ts...>>(std::move(values))) {}

  explicit operator bool() const noexcept { return values_ != nullptr; }

  /// The values if they are of just these types, else null.
  template <class... Ts>
  const std::tuple<Ts...>* get_if() const noexcept {
    return *type_ == typeid(std::tuple<Ts...>) ? static_cast<const std::tuple<Ts...>*>(values_.get())
                                               : nullptr;
  }
  /// A std::tuple of what was given, for reports.
  const std::type_info& type() const noexcept { return *type_; }

private:
  const std::type_info* type_ = &typeid(std::tuple<>);
  std::shared_ptr<const void> values_;
};

namespace detail {
/// Texts are kept as strings, whatever they were given as.
template <class T>
using kept = std::conditional_t<std::is_convertible_v<T, std::string_view>, std::string, std::decay_t<T>>;
} // namespace detail

/// `start_child(rooms, with("lobby", 42))`. Values are copied or moved in; literals become std::string.
template <class... Ts>
arguments with(Ts&&... values) {
  if constexpr (sizeof...(Ts) == 0)
    return {};
  else
    return arguments(std::tuple<detail::kept<Ts>...>(detail::kept<Ts>(std::forward<Ts>(values))...));
}

} // namespace perron::supervisors
