// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace perron::httpd::program {

/// A manual page as it is written: man(7) macros.
class roff {
public:
  /// `about` is the line of NAME.
  roff(std::string_view name, int section, std::string_view about);

  roff& heading(std::string_view text);
  roff& paragraph(std::string_view text);
  /// A paragraph with a tag in front: bold, then what is not.
  roff& item(std::string_view bold, std::string_view behind, std::string_view text);
  /// What follows belongs to the item before.
  roff& more(std::string_view text);
  roff& code(std::string_view lines);

  const std::string& text() const noexcept { return text_; }

private:
  std::string text_;
};

} // namespace perron::httpd::program
