// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

/// Settings of a program: declared once, with a default and a help text, given on the command line or by
/// environment variables, read anywhere (OTP: the application environment).
namespace perron::app {

/// What a setting holds.
using setting_value = std::variant<bool, std::int64_t, double, std::string>;

/// The type of a setting is that of its default; what is given for a whole number must fit into that type.
template <class T>
concept setting_number = std::is_arithmetic_v<T> && !std::same_as<T, char>;

/// One setting of a program:
///
///     {"port", std::uint16_t{8080}, "port to listen on"}
///
/// is given as `--port 80`, `--port=80` or by the environment variable NAME_PORT, NAME being the program's
/// name; the command line counts more. A bool needs no value on the command line: `--tree`. Keys are made of
/// a-z, 0-9 and '-', which is '_' in the variable's name; `help` and `version` are taken.
struct setting {
  std::string key;
  setting_value by_default;
  std::string help;
  std::int64_t least = 0; ///< of a whole number
  std::int64_t most = 0;

  template <setting_number T>
  setting(std::string its_key, T value, std::string its_help)
      : key(std::move(its_key)), by_default(held(value)), help(std::move(its_help)) {
    if constexpr (std::integral<T>) {
      least = static_cast<std::int64_t>(std::numeric_limits<T>::min());
      most = top<T>();
    }
  }
  setting(std::string its_key, std::string value, std::string its_help)
      : key(std::move(its_key)), by_default(std::move(value)), help(std::move(its_help)) {}

private:
  template <class T>
  static setting_value held(T value) {
    if constexpr (std::same_as<T, bool>)
      return value;
    else if constexpr (std::integral<T>)
      return static_cast<std::int64_t>(value);
    else
      return static_cast<double>(value);
  }
  template <class T>
  static constexpr std::int64_t top() {
    constexpr auto all = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(
        std::min(all, static_cast<std::uint64_t>(std::numeric_limits<T>::max())));
  }
};

/// Thrown for a value that cannot be used; what() names where it came from and the value. Out of the
/// functions of a spec it ends the program with that text and exit code 2.
class bad_setting : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

namespace detail {
bool bool_setting(std::string_view key);
std::int64_t whole_setting(std::string_view key, std::int64_t least, std::int64_t most);
double real_setting(std::string_view key);
std::string text_setting(std::string_view key);
} // namespace detail

/// The value of a setting, from the time the functions of a spec are called until app::run returns. Any
/// thread and any process; costs a search among the settings. T is bool, a number or std::string, of the kind
/// that was declared. Throws bad_setting if a whole number does not fit into T, and std::logic_error if there
/// is no such setting or it is of another kind (OTP application:get_env/2).
template <class T>
T env(std::string_view key) {
  if constexpr (std::same_as<T, bool>) {
    return detail::bool_setting(key);
  } else if constexpr (std::integral<T>) {
    constexpr auto all = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    constexpr auto most = std::min(all, static_cast<std::uint64_t>(std::numeric_limits<T>::max()));
    return static_cast<T>(detail::whole_setting(key, static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                                                static_cast<std::int64_t>(most)));
  } else if constexpr (std::floating_point<T>) {
    return static_cast<T>(detail::real_setting(key));
  } else {
    static_assert(std::same_as<T, std::string>, "a setting is a bool, a number or a std::string");
    return detail::text_setting(key);
  }
}

/// Refuses the value of a setting, in a function of a spec: throws bad_setting with where the value came
/// from, the value, and why it cannot be used.
[[noreturn]] void refuse(std::string_view key, std::string_view why);

} // namespace perron::app
