// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdexcept>
#include <string>
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

/// A value or the error that stands in its place. Expected failures travel as results; exceptions are for a
/// process that cannot go on. Costs what its value costs; not synchronised.
template <class T>
class [[nodiscard]] result {
public:
  using value_type = T;

  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(runtime::error why) : state_(std::in_place_index<1>, std::move(why)) {}

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
  void require() const {
    if (!has_value())
      throw bad_result(error());
  }

  std::variant<T, runtime::error> state_;
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
