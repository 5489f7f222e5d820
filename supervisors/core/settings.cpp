// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/settings.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace perron::supervisors::core {

using app::setting;
using app::setting_value;
using runtime::error;
using runtime::result;

namespace {

bool is_key_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

bool is_key(std::string_view key) {
  return !key.empty() && key.front() >= 'a' && key.front() <= 'z' &&
         std::all_of(key.begin(), key.end(), is_key_character);
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

result<setting_value> bool_of(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"})
    if (text == yes)
      return setting_value(true);
  for (const std::string_view no : {"false", "no", "off", "0"})
    if (text == no)
      return setting_value(false);
  return error{quoted(text) + " is not true or false"};
}

/// All of a text as a number; nothing if it is not one.
template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

result<setting_value> whole_of(std::string_view text, std::int64_t least, std::int64_t most) {
  const auto number = number_of<std::int64_t>(text);
  if (!number || *number < least || *number > most)
    return error{not_within(text, least, most)};
  return setting_value(*number);
}

result<setting_value> real_of(std::string_view text) {
  const auto number = number_of<double>(text);
  if (!number || !std::isfinite(*number))
    return error{quoted(text) + " is not a number"};
  return setting_value(*number);
}

} // namespace

std::string not_within(std::string_view text, std::int64_t least, std::int64_t most) {
  std::string what = quoted(text) + " is not a whole number";
  using every = std::numeric_limits<std::int64_t>;
  if (least == every::min() && most == every::max())
    return what;
  if (most == every::max())
    return what + " from " + std::to_string(least) + " on";
  return what + " from " + std::to_string(least) + " to " + std::to_string(most);
}

result<setting_value> value_of(const setting& what, std::string_view text) {
  if (std::holds_alternative<bool>(what.by_default))
    return bool_of(text);
  if (std::holds_alternative<std::int64_t>(what.by_default))
    return whole_of(text, what.least, what.most);
  if (std::holds_alternative<double>(what.by_default))
    return real_of(text);
  return setting_value(std::string(text));
}

std::string text_of(const setting_value& what) {
  if (const bool* yes = std::get_if<bool>(&what))
    return *yes ? "true" : "false";
  if (const std::int64_t* whole = std::get_if<std::int64_t>(&what))
    return std::to_string(*whole);
  if (const double* real = std::get_if<double>(&what)) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), *real).ptr;
    return {text.data(), end};
  }
  return std::get<std::string>(what);
}

std::string variable_name(std::string_view program, std::string_view key) {
  std::string name = std::string(program) + "_" + std::string(key);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
    else if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
      c = '_';
  }
  return name;
}

result<void> check_settings(const std::vector<setting>& declared) {
  std::set<std::string_view> seen{"help", "version"};
  for (const setting& each : declared) {
    if (!is_key(each.key))
      return error{"the key " + quoted(each.key) + " of a setting is not made of a-z, 0-9 and '-'"};
    if (!seen.insert(each.key).second)
      return error{"the key " + quoted(each.key) + " of a setting is taken"};
  }
  return {};
}

result<settings> settings::read(std::string_view program, const std::vector<setting>& declared,
                                const arguments& given, const variables& variable) {
  settings all;
  for (const setting& each : declared) {
    const std::string option = "--" + each.key;
    entry one{each.by_default, "default of " + option, text_of(each.by_default)};
    std::optional<std::string> text;
    if (const auto found = given.find(each.key); found != given.end()) {
      one.source = option;
      text = found->second;
    } else if (std::string name = variable_name(program, each.key); (text = variable(name))) {
      one.source = std::move(name);
    }
    if (text) {
      result<setting_value> held = value_of(each, *text);
      if (!held)
        return error{one.source + ": " + held.error().text};
      one.held = std::move(*held);
      one.text = std::move(*text);
    }
    all.entries_.emplace(each.key, std::move(one));
  }
  return all;
}

const settings::entry& settings::at(std::string_view key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end())
    throw std::logic_error("perron: there is no setting " + quoted(key));
  return found->second;
}

} // namespace perron::supervisors::core
