// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

/// The query of a request target: `name=value&name=value`, as HTML forms write it (`+` is a blank, the rest
/// percent-encoded; WHATWG URL, application/x-www-form-urlencoded). A view of the raw bytes: valid as long as
/// they are. Lookups walk the query, O(its bytes), and decode what they return. Any one thread at a time.
class query_view {
public:
  query_view() = default;
  explicit query_view(std::string_view raw) noexcept : raw_(raw) {}

  /// As sent, without the '?'.
  std::string_view raw() const noexcept { return raw_; }
  bool empty() const noexcept { return raw_.empty(); }

  /// The first value of this name, decoded; empty for `name` and `name=` alike. Nothing if the name is not
  /// there. The name is given decoded and matched with its case.
  std::optional<std::string> get(std::string_view name) const;

  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

  /// The first value of this name if it is all decimal digits and fits. Allocates nothing.
  std::optional<std::uint64_t> number(std::string_view name) const noexcept;

  /// Calls `visit(std::string name, std::string value)` for every pair, decoded, in order.
  template <class Visitor>
  void each(Visitor&& visit) const {
    for (auto rest = raw_; !rest.empty();) {
      const auto [name, value] = next_pair(rest);
      if (!name.empty() || !value.empty())
        visit(decode(name), decode(value));
    }
  }

private:
  struct pair {
    std::string_view name;
    std::string_view value;
  };

  /// Cuts the first pair off `rest`.
  static pair next_pair(std::string_view& rest) noexcept;
  static std::string decode(std::string_view text);
  std::optional<std::string_view> find(std::string_view name) const noexcept;

  std::string_view raw_;
};

/// A request target, taken apart and made comparable.
struct normal_target {
  /// Begins with '/'. Percent-decoded, except that an encoded slash stays as `%2F` and an encoded percent
  /// sign as `%25`: a slash that is data of a segment is told from one that separates, and no second decoding
  /// can find something new. Dot segments are gone, empty segments are kept. Valid UTF-8 without C0 controls
  /// and DEL. decode_segment() turns a piece of it into what the client meant.
  std::string_view path;
  query_view query;
};

/// Normalises path and query of a target (request_head::path_and_query), once: RFC 3986 6.2.2 and 5.2.4.
/// Percent escapes are decoded first and dot segments removed after, so `/%2e%2e/` is `/../`; what climbs
/// above the root stays at the root. An empty path is "/". `path` points into `raw` where nothing had to
/// change, which costs one look at each byte and no allocation, else into `scratch`; both must outlive it.
///
/// Errors, all with code 400: a path that does not begin with '/', a bad percent escape, bad UTF-8 (RFC 3629)
/// or NUL in path or query, any other control character in the path (it names nothing, and forges log lines).
runtime::result<normal_target> normalise_target(std::string_view raw, std::string& scratch);

/// Whether a text is what query_view may be made of: whole percent escapes, UTF-8, no NUL. Errors have code
/// 400 and say what is wrong at which byte `of` what ("form").
runtime::result<void> check_form_text(std::string_view text, const char* of);

/// A segment or parameter cut out of normal_target::path, with `%2F` and `%25` decoded too. Its slashes are
/// data: never use it as part of a file's path without looking for them.
std::string decode_segment(std::string_view text);

} // namespace perron::httpd
