// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_record.hpp>
#include <perron/runtime/result.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd {

/// What may stand in a format, as access_variables() lists it.
struct access_variable {
  std::string_view name; ///< without the dollar
  std::string_view what;
  void (*write)(std::string& out, const access_record& r);
};
/// All of them but `$http_NAME`, which is the request field of that name, "-" stands for dashes: the table
/// that formats are read by and documented from.
std::span<const access_variable> access_variables() noexcept;

/// How a line of an access log is written. A value; any number of threads may write with one.
///
/// | format     | line                                                                                     |
/// |------------|------------------------------------------------------------------------------------------|
/// | `common`   | `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent`          |
/// | `combined` | the same and `"$http_referer" "$http_user_agent"`                                        |
/// | `json`     | one object: time, remote_addr, remote_user, method, target, protocol, host, tls, status, |
/// |            | bytes, seconds, end, referer, user_agent; of a refused head `request` instead of target  |
/// | other text | that text, with `$name` or `${name}` for what the table has, and `$$` for a dollar       |
///
/// Values are escaped (escape.hpp), so a line is a line whatever the peer sent; empty ones are written `-`,
/// in JSON left out.
class access_format {
public:
  /// Errors: an unknown name, a control character, a text without any name.
  static runtime::result<access_format> parse(std::string_view text);

  /// Appends one line with its end. About 0.6 µs for `combined`, 1 µs for `json`.
  void write(std::string& out, const access_record& r) const;

private:
  struct piece {
    std::string text{};                        ///< to be written before, or the field's name
    const access_variable* variable = nullptr; ///< null: the text is all, or
    bool is_field = false;                     ///< it names a request field
  };

  static runtime::result<access_format> parse_own(std::string_view text);

  std::vector<piece> pieces_; ///< empty: json
};

} // namespace perron::httpd
