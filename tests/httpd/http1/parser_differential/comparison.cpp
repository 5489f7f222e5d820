// SPDX-License-Identifier: BSD-3-Clause
#include "comparison.hpp"

#include <perron/httpd/headers.hpp>

#include <algorithm>

namespace perron::differential {
namespace {

using outcome = reading::outcome;

/// What is not the same in two readings of a whole request, or "".
std::string difference(const reading& a, const reading& b) {
  if (a.consumed != b.consumed)
    return "ends elsewhere";
  if (a.content != b.content)
    return "other content";
  if (a.method != b.method)
    return "other method";
  if (a.target != b.target)
    return "other target";
  if (a.minor_version != b.minor_version)
    return "other version";
  if (a.fields != b.fields)
    return "other fields";
  if (a.trailers != b.trailers)
    return "other trailers";
  if (a.keep_alive != b.keep_alive)
    return "other persistence";
  return {};
}

bool has_field(const reading& r, std::string_view lower) {
  return std::any_of(r.fields.begin(), r.fields.end(),
                     [lower](const auto& f) { return httpd::equal_ignoring_case(f.first, lower); });
}

bool has_name_beginning_with(const reading& r, std::string_view lower) {
  return std::any_of(r.fields.begin(), r.fields.end(), [lower](const auto& f) {
    return f.first.size() > lower.size() &&
           httpd::equal_ignoring_case(std::string_view(f.first).substr(0, lower.size()), lower);
  });
}

/// Its Connection field has an empty element in front of another.
bool has_empty_option(const reading& r) {
  for (const auto& [name, value] : r.fields) {
    if (!httpd::equal_ignoring_case(name, "connection"))
      continue;
    bool is_empty = true;
    for (const char c : value) {
      if (c == ',' && is_empty)
        return true;
      is_empty = c == ',' || (is_empty && c == ' ');
    }
  }
  return false;
}

/// Its Connection field lists both `close` and `keep-alive`.
bool says_both(const reading& r) {
  bool close = false;
  bool keep_alive = false;
  for (const auto& [name, value] : r.fields)
    if (httpd::equal_ignoring_case(name, "connection"))
      httpd::each_list_element(value, [&](std::string_view option) {
        close = close || httpd::equal_ignoring_case(option, "close");
        keep_alive = keep_alive || httpd::equal_ignoring_case(option, "keep-alive");
        return true;
      });
  return close && keep_alive;
}

/// The rule by which we may differ from this peer, or nullptr.
const char* rule_for(const reading& ours, const reading& theirs, peer whose, std::string_view what) {
  const bool at_http_parser = whose == peer::http_parser;
  if (at_http_parser && theirs.why == "HPE_INVALID_METHOD")
    return "RFC 9110 9.1: a method is any token; libhttp-parser takes those of a list";
  if (!at_http_parser && theirs.why == "bad method" && ours.skipped_lines)
    return "RFC 9112 2.2: empty lines before a request are ignored; Beast takes none";
  if (!at_http_parser && theirs.why == "bad version" && ours.later_minor)
    return "RFC 9110 2.5: a higher minor version is taken as the highest that we know; Beast takes 1.0 and "
           "1.1";
  if (at_http_parser && what == "other version" && ours.later_minor)
    return "RFC 9110 2.5: a higher minor version is taken as the highest that we know; libhttp-parser leaves "
           "it";
  if (has_field(ours, "proxy-connection") && (what == "other persistence" || theirs.why == "bad value"))
    return "RFC 9112 C.2.2: Proxy-Connection is no field of HTTP/1.1; the peer takes it for Connection";
  if (what == "other persistence" && ours.minor_version == 0 && says_both(ours))
    return "RFC 9112 9.3: close goes before keep-alive; the peer lets HTTP/1.0 persist";
  if (at_http_parser && what == "other persistence" && has_empty_option(ours))
    return "RFC 9110 5.6.1.2: empty list elements are ignored; libhttp-parser overlooks what follows one";
  if (at_http_parser && ours.tab_behind_value)
    return "RFC 9110 5.6.3: a tab is a blank too; libhttp-parser takes it for a part of the value";
  if (at_http_parser && theirs.why == "HPE_INVALID_CHUNK_SIZE" && ours.tab_behind_size)
    return "RFC 9112 7.1.1: blanks before a chunk extension are removed, tabs too; libhttp-parser takes "
           "spaces";
  if (at_http_parser && has_name_beginning_with(ours, "transfer-encoding") &&
      (theirs.why == "HPE_INVALID_TRANSFER_ENCODING" || theirs.why == "HPE_UNEXPECTED_CONTENT_LENGTH" ||
       theirs.how != outcome::bad))
    return "RFC 9110 5.1: a name is a whole token; libhttp-parser takes Transfer-EncodingX for "
           "Transfer-Encoding";
  return nullptr;
}

} // namespace

verdict compare(const reading& ours, const reading& theirs, peer whose) {
  if (ours.how == outcome::bad) {
    if (theirs.how == outcome::bad)
      return {verdict::kind::both_refuse, {}};
    return {verdict::kind::stricter, ours.why};
  }
  if (ours.how == outcome::need_more && theirs.how != outcome::complete)
    return {theirs.how == outcome::bad ? verdict::kind::both_refuse : verdict::kind::undecided, {}};
  std::string what;
  if (ours.how == outcome::need_more)
    what = "the peer has it all, we do not";
  else if (theirs.how == outcome::need_more)
    what = "we have it all, the peer does not";
  else if (theirs.how == outcome::bad)
    what = "the peer refuses it: " + theirs.why;
  else
    what = difference(ours, theirs);
  if (what.empty())
    return {verdict::kind::same, {}};
  if (const char* rule = rule_for(ours, theirs, whose, what))
    return {verdict::kind::allowed, rule};
  return {verdict::kind::wrong, std::move(what)};
}

} // namespace perron::differential
