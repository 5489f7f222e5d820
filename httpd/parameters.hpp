// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

/// One `name=value` behind a ';'. The value is as sent: a token, or a quoted string with its quotes.
struct parameter {
  std::string_view name;
  std::string_view value;
};

/// The text of a parameter's value: a quoted string without its quotes and backslashes, a token as it is.
std::string unquote(std::string_view value);

/// The parameters of a field value such as `text/html; charset=utf-8` (RFC 9110 5.6.6). A view: valid as
/// long as the bytes. Made by parse(), which checks all of it, so that walking cannot fail. Look-ups walk,
/// O(bytes). Any one thread at a time.
class parameters_view {
public:
  parameters_view() = default;

  /// Of the text from the first ';' on; nothing if it is not a list of parameters.
  static std::optional<parameters_view> parse(std::string_view text) noexcept;

  bool empty() const noexcept { return raw_.empty(); }

  /// The first parameter of this name, without regard to case, as sent.
  std::optional<std::string_view> find_raw(std::string_view name) const noexcept;
  /// The same, unquoted.
  std::optional<std::string> find(std::string_view name) const;

  /// Calls `visit(parameter)` for each in order; it returns false to stop.
  template <class Visitor>
  void each(Visitor&& visit) const {
    auto rest = raw_;
    for (parameter p; next(rest, p) == step::parameter;)
      if (!visit(p))
        return;
  }

private:
  enum class step { parameter, end, malformed };

  static step next(std::string_view& rest, parameter& out) noexcept;

  std::string_view raw_;
};

/// Cuts the first element off a comma-separated list whose elements may hold quoted strings (RFC 9110 5.6.1):
/// blanks trimmed, empty elements skipped. Nothing at the end. A quoted string that is not closed takes the
/// rest of the list.
std::optional<std::string_view> cut_list_element(std::string_view& list) noexcept;

} // namespace perron::httpd
