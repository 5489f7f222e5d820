// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd {

/// What the names of a pattern stood for: views into the path and the pattern.
using path_captures = std::vector<std::pair<std::string_view, std::string_view>>;

/// A pattern for paths, as rules have it: text that stands for itself, at most one `:name` in a segment for
/// one or more bytes of it, and at the end `*name` for all the rest, also none.
///
///     /old.html              this path alone
///     /old/*rest             all below /old/
///     /:year/:post.html      text before and behind a name
///     *all                   everything
///
/// Matches normal_target::path, decoded and with its case. No choice is ever taken back: O(path). A value.
class path_pattern {
public:
  static runtime::result<path_pattern> parse(std::string_view text);

  /// Whether the whole path is so; then `captures` is what names stand for.
  bool match(std::string_view path, path_captures& captures) const;

  bool has_name(std::string_view name) const noexcept;

private:
  /// Text before and behind the one name of a segment; the slash is part of it.
  struct piece {
    std::string before{};
    std::string name{}; ///< empty: `before` is all of it
    std::string behind{};
    bool is_rest = false;
  };

  static runtime::result<piece> parse_piece(std::string_view text);

  std::vector<piece> pieces_;
};

/// What a rule makes of a path: text with `{name}` for what a name stood for, `{path}` for the whole path,
/// `{query}` for the query as it came, `{host}` and `{scheme}` of the request. A value.
class path_template {
public:
  /// For places on this site: begins with '/', knows no host and scheme.
  static runtime::result<path_template> parse_path(std::string_view text, const path_pattern& from);
  /// For places anywhere: begins with '/', "http://", "https://" or "{scheme}://"; a host is text or {host}.
  static runtime::result<path_template> parse_location(std::string_view text, const path_pattern& from);

  /// Whether it cannot be filled for a request that names no host.
  bool needs_host() const noexcept { return needs_host_; }

  struct values {
    std::string_view path{};
    std::string_view query{};
    std::string_view host{}; ///< may have a port, which is left out
    std::string_view scheme{};
  };
  /// As a URI reference: what came out of a path is percent-encoded, so that it can neither begin a query nor
  /// a field, and where text and value would give two slashes one is left out, so that no path becomes a
  /// host. With `keep_query` the query is added if the text has none of its own.
  std::string fill(const path_captures& captures, const values& of, bool keep_query) const;

private:
  struct piece {
    std::string text{};
    std::string name{}; ///< behind the text; empty: none
  };

  static runtime::result<path_template> parse(std::string_view text, const path_pattern& from);

  std::vector<piece> pieces_;
  bool has_query_ = false;
  bool needs_host_ = false;
};

} // namespace perron::httpd
