// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace perron::runtime {

/// Why an operation did not give a value: a text for people and a code for programs. The code is an errno
/// value where the operating system said no, else 0.
struct error {
  std::string text;
  int code = 0;

  friend bool operator==(const error&, const error&) = default;
};

/// Thrown by result<T>::value() when there is none. Inside a process it becomes the exit reason.
class bad_result : public std::runtime_error {
public:
  explicit bad_result(const error& why) : std::runtime_error(why.text) {}
};

template <class T>
class result;

namespace detail {
template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

/// What a result<T> may be made of besides T, an error and another result.
template <class U, class T>
concept stands_for =
    !std::is_same_v<std::remove_cvref_t<U>, T> && !std::is_same_v<std::remove_cvref_t<U>, error> &&
    !is_result<std::remove_cvref_t<U>> && std::is_convertible_v<U, T>;
} // namespace detail

/// A value or the error that stands in its place. Expected failures travel as results; exceptions are for a
/// process that cannot go on. Made of whatever converts to T, and of another result whose value does. Costs
/// what its value costs; not synchronised.
template <class T>
class [[nodiscard]] result {
public:
  using value_type = T;

  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(runtime::error why) : state_(std::in_place_index<1>, std::move(why)) {}
  template <detail::stands_for<T> U>
  result(U&& value) // NOLINT(bugprone-forwarding-reference-overload): a result is excluded by the concept
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  template <class U>
  requires(!std::is_same_v<U, T> && std::is_convertible_v<U, T>) result(result<U> other)
      : state_(other ? variant(std::in_place_index<0>, std::move(*other))
                     : variant(std::in_place_index<1>, other.error())) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// The value; throws bad_result with the error's text if there is none.
  T& value() & {
    require();
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    require();
    return *std::get_if<0>(&state_);
  }
  /// By value, so that a loop over f().value() does not outlive what it walks.
  T value() && {
    require();
    return std::move(*std::get_if<0>(&state_));
  }

  /// The value without a check; only after has_value() was seen to be true.
  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  /// The error; only after has_value() was seen to be false.
  const runtime::error& error() const noexcept { return *std::get_if<1>(&state_); }

  template <class U>
  T value_or(U&& other) && {
    return has_value() ? std::move(**this) : static_cast<T>(std::forward<U>(other));
  }

private:
  using variant = std::variant<T, runtime::error>;

  void require() const {
    if (!has_value())
      throw bad_result(error());
  }

  variant state_;
};

/// Success without a value, or an error.
template <>
class [[nodiscard]] result<void> {
public:
  using value_type = void;

  result() = default;
  result(runtime::error why) : failed_(true), error_(std::move(why)) {}

  bool has_value() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return !failed_; }
  void value() const {
    if (failed_)
      throw bad_result(error_);
  }
  const runtime::error& error() const noexcept { return error_; }

private:
  bool failed_ = false;
  runtime::error error_;
};

} // namespace perron::runtime
