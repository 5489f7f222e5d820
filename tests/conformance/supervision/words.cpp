// SPDX-License-Identifier: BSD-3-Clause
#include "conformance/supervision/words.hpp"

#include <array>
#include <cstddef>

namespace perron::conformance {

using runtime::exit_reason;
using namespace std::string_view_literals;

std::vector<std::string> split(std::string_view text, char between) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find(between);
    if (end != 0)
      out.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

exit_reason reason_of(std::string_view word) {
  constexpr std::string_view more = "shutdown:";
  if (word == "normal")
    return exit_reason::normal();
  if (word == "shutdown")
    return exit_reason::shutdown();
  if (word == "kill")
    return exit_reason::kill();
  if (word.starts_with(more))
    return exit_reason::shutdown(word.substr(more.size()));
  return exit_reason::custom(word);
}

std::string error_word(std::string_view text) {
  constexpr std::string_view thrown = "std::runtime_error: ";
  std::string out;
  while (!text.empty()) {
    if (text.starts_with(thrown)) {
      text.remove_prefix(thrown.size());
      continue;
    }
    const bool joins = text.starts_with(": ");
    out += text.front();
    text.remove_prefix(joins ? 2 : 1);
  }
  return out;
}

std::string word(const exit_reason& why) {
  switch (why.what()) {
  case exit_reason::kind::custom:
  case exit_reason::kind::exception:
    return error_word(why.text());
  case exit_reason::kind::shutdown:
    return why.text().empty() ? "shutdown" : "shutdown:" + error_word(why.text());
  default:
    return why.to_string();
  }
}

std::string word(supervisors::shutdown_rule rule) {
  if (rule.what() == supervisors::shutdown_rule::kind::timed)
    return std::to_string(rule.time().count());
  return to_string(rule);
}

std::string terms(supervisors::restart_type restart, bool significant, supervisors::shutdown_rule shutdown,
                  supervisors::child_type type) {
  std::string out(to_string(restart));
  out += significant ? " true " : " false ";
  out += word(shutdown);
  out += ' ';
  return out += to_string(type);
}

std::string objection(std::string_view text) {
  constexpr std::array known{"missing_id"sv,           "missing_start"sv,    "bad_combination"sv,
                             "duplicate_child_name"sv, "invalid_shutdown"sv, "invalid_period"sv,
                             "bad_start_spec"sv};
  if (text.starts_with("child '"))
    text.remove_prefix(text.find("': ") + 3);
  for (const std::string_view each : known)
    if (text.starts_with(each))
      return std::string(each);
  return {};
}

} // namespace perron::conformance
