// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/path_pattern.hpp>

#include <perron/httpd/http1/authority.hpp>
#include <perron/httpd/redirect.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace perron::httpd {
namespace {

constexpr bool is_name_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The characters at the front that a name may have.
std::string_view cut_name(std::string_view& text) noexcept {
  const auto end = std::find_if_not(text.begin(), text.end(), is_name_char);
  const auto name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(name.size());
  return name;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Text of a pattern as normal_target::path has it; nothing if an escape is none.
std::optional<std::string> normalised(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = text.size() - i > 2 ? hex_value(text[i + 1]) : -1;
    const int low = text.size() - i > 2 ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return std::nullopt;
    const char byte = static_cast<char>(high * 16 + low);
    if (byte == '/')
      out += "%2F";
    else if (byte == '%')
      out += "%25";
    else
      out += byte;
    i += 2;
  }
  return out;
}

/// Adds a piece of a normal path to a URI. In a query what would separate pairs is data too.
void append_encoded(std::string& out, std::string_view value, bool in_query) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const std::string_view plain = in_query ? "-._~/" : "-._~/:@!$&'()*+,;=";
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const auto escape = value.substr(i, 3);
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_letter || plain.find(c) != std::string_view::npos || escape == "%2F" || escape == "%25") {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
}

/// "example.org:8080" without the port.
std::string_view without_port(std::string_view host) noexcept {
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return has_port ? host.substr(0, colon) : host;
}

runtime::error fault(std::string_view text, std::string_view what) {
  return runtime::error{"'" + std::string(text) + "' " + std::string(what)};
}

} // namespace

// -- patterns

runtime::result<path_pattern::piece> path_pattern::parse_piece(std::string_view text) {
  piece made;
  const std::size_t mark = std::min(text.find_first_of(":*"), text.size());
  auto behind = text.substr(mark);
  if (!behind.empty()) {
    made.is_rest = behind.front() == '*';
    behind.remove_prefix(1);
    made.name = cut_name(behind);
    if (made.name.empty())
      return fault(text, "has a ':' or '*' without a name (a ':' that is meant as such is %3A, a '*' %2A)");
    if (behind.find_first_of(":*") != std::string_view::npos)
      return fault(text, "has two names in one segment");
  }
  const auto before = normalised(text.substr(0, mark));
  const auto rest = normalised(behind);
  if (!before || !rest)
    return fault(text, "has a '%' that begins no escape");
  made.before = *before;
  made.behind = *rest;
  return made;
}

runtime::result<path_pattern> path_pattern::parse(std::string_view text) {
  if (!text.starts_with('/') && !text.starts_with('*'))
    return fault(text, "does not begin with '/'");
  path_pattern made;
  for (auto rest = text; !rest.empty();) {
    if (!made.pieces_.empty() && made.pieces_.back().is_rest)
      return fault(text, "has something behind the '*' name, which takes all the rest");
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    auto next = parse_piece(rest.substr(0, end));
    if (!next)
      return next.error();
    if (!next->name.empty() && made.has_name(next->name))
      return fault(text, "has the name '" + next->name + "' twice");
    made.pieces_.push_back(*std::move(next));
    rest.remove_prefix(end);
  }
  return made;
}

bool path_pattern::has_name(std::string_view name) const noexcept {
  return std::any_of(pieces_.begin(), pieces_.end(), [name](const piece& p) { return p.name == name; });
}

bool path_pattern::match(std::string_view path, path_captures& captures) const {
  captures.clear();
  for (const piece& p : pieces_) {
    const std::size_t end = p.is_rest ? path.size() : std::min(path.find('/', 1), path.size());
    auto segment = path.substr(0, end);
    path.remove_prefix(end);
    const std::size_t least = p.before.size() + p.behind.size();
    if (segment.size() < least || !segment.starts_with(p.before) || !segment.ends_with(p.behind))
      return false;
    segment = segment.substr(p.before.size(), segment.size() - least);
    if (segment.empty() ? !p.name.empty() && !p.is_rest : p.name.empty())
      return false;
    if (!p.name.empty())
      captures.emplace_back(p.name, segment);
  }
  return path.empty();
}

// -- templates

runtime::result<path_template> path_template::parse(std::string_view text, const path_pattern& from) {
  path_template made;
  for (auto rest = text; !rest.empty();) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    piece next{.text = to_uri_reference(rest.substr(0, open)), .name = {}};
    if (rest.substr(0, open).find('}') != std::string_view::npos)
      return fault(text, "has a '}' without '{'");
    rest.remove_prefix(open);
    if (!rest.empty()) {
      rest.remove_prefix(1);
      next.name = cut_name(rest);
      if (!rest.starts_with('}'))
        return fault(text, "has a '{' without a name and '}'");
      rest.remove_prefix(1);
      constexpr std::array<std::string_view, 4> known{"path", "query", "host", "scheme"};
      if (next.name.empty() ||
          (!from.has_name(next.name) && std::find(known.begin(), known.end(), next.name) == known.end()))
        return fault(text, "has {" + next.name +
                               "}, which is no name of the pattern nor path, query, host or scheme");
    }
    made.has_query_ = made.has_query_ || next.text.find('?') != std::string::npos;
    made.needs_host_ = made.needs_host_ || (next.name == "host" && !from.has_name("host"));
    made.pieces_.push_back(std::move(next));
  }
  return made;
}

runtime::result<path_template> path_template::parse_path(std::string_view text, const path_pattern& from) {
  if (!text.starts_with('/'))
    return fault(text, "does not begin with '/'");
  auto made = parse(text, from);
  if (made && made->needs_host_)
    return fault(text, "has {host}, which no path of this site needs");
  return made;
}

runtime::result<path_template> path_template::parse_location(std::string_view text,
                                                             const path_pattern& from) {
  auto authority = text;
  for (const std::string_view scheme : {"http://", "https://", "{scheme}://"})
    if (text.starts_with(scheme))
      authority = text.substr(scheme.size());
  auto made = parse(text, from);
  if (text.starts_with("//") || (authority.size() == text.size() && !text.starts_with('/')))
    return fault(text, "begins neither with one '/' nor with http://, https:// or {scheme}://");
  if (!made || text.starts_with('/'))
    return made;
  std::string host(authority.substr(0, authority.find_first_of("/?#")));
  // {path} begins with a slash, so it may follow a host
  host = host.substr(0, host.find("{path}"));
  const bool is_own = host.starts_with("{host}");
  if (is_own)
    host.replace(0, 6, "host");
  if (host.find('{') != std::string::npos)
    return fault(text, "has a name in its host, or right behind it: there belongs a '/' between");
  if (host.empty() || http1::find_authority_fault(host, http1::port_rule::optional) != nullptr)
    return fault(text, "has no good host");
  return made;
}

std::string path_template::fill(const path_captures& captures, const values& of, bool keep_query) const {
  std::string out;
  bool in_query = false;
  for (const piece& p : pieces_) {
    out += p.text;
    in_query = in_query || p.text.find('?') != std::string::npos;
    if (p.name.empty())
      continue;
    const auto captured =
        std::find_if(captures.begin(), captures.end(), [&](const auto& c) { return c.first == p.name; });
    if (captured == captures.end() && p.name == "query") {
      out += of.query;
    } else if (captured == captures.end() && p.name == "host") {
      out += without_port(of.host);
    } else if (captured == captures.end() && p.name == "scheme") {
      out += of.scheme;
    } else {
      auto value = captured != captures.end() ? captured->second : of.path;
      while (out.ends_with('/') && value.starts_with('/'))
        value.remove_prefix(1);
      append_encoded(out, value, in_query);
    }
  }
  while (out.starts_with("//"))
    out.erase(0, 1);
  if (keep_query && !has_query_ && !of.query.empty())
    out.insert(std::min(out.find('#'), out.size()), '?' + std::string(of.query));
  return out;
}

} // namespace perron::httpd
