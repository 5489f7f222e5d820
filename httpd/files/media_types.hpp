// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/files/static_options.hpp>
#include <perron/runtime/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace perron::httpd::files {

/// Media types by the extension of a name, in lower case, without its dot: "gz", "tar.gz".
using type_table = std::unordered_map<std::string, std::string>;

/// Reads a table as a file has it, in either of two forms, told apart by each line:
///
///     text/html   html htm            as in /etc/mime.types; a type without extensions says nothing
///     50:text/html:*.html             as in shared-mime-info's globs2; other globs than *.ext say nothing
///
/// Lines that are empty or begin with '#' are skipped. Of two types for one extension the first stays. An
/// error names the line. Pure.
runtime::result<type_table> parse_type_table(std::string_view text);

/// The type that the built-in table has for an extension, with the charset of text types; empty: none.
std::string_view built_in_type(std::string_view extension) noexcept;

/// What options say of types. Any thread.
class media_types {
public:
  /// Throws std::runtime_error if the file of options.mime_types cannot be read or is no table.
  explicit media_types(const static_options& options);

  /// By the longest extension that is known: "a.tar.gz" is asked for as "tar.gz" and then as "gz". With a
  /// charset for text.
  std::string type_of(std::string_view file_name) const;

private:
  std::string_view find(const std::string& extension) const;
  std::string with_charset(std::string_view type) const;

  type_table own_;
  bool has_table_;
  std::string default_type_;
  std::string charset_;
};

} // namespace perron::httpd::files
