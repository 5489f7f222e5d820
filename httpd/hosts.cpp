// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/hosts.hpp>

#include <perron/httpd/headers.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace perron::httpd {
namespace {

/// Bytes of a name with its wildcard, more than RFC 1035 2.3.4 allows.
constexpr std::size_t longest_name = 255;

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_in_brackets(std::string_view name) noexcept {
  constexpr std::string_view characters = "0123456789abcdef:.";
  return name.size() > 2 && name.ends_with(']') &&
         name.substr(1, name.size() - 2).find_first_not_of(characters) == std::string_view::npos;
}

/// What is wrong with a name in lower case; null if nothing is.
const char* fault_of(std::string_view name) noexcept {
  if (name.empty())
    return "is empty";
  if (name.size() > longest_name)
    return "is longer than a name can be";
  if (name.front() == '[')
    return is_in_brackets(name) ? nullptr : "is no address in brackets";
  if (name.starts_with("*."))
    name.remove_prefix(2);
  if (name.find('*') != std::string_view::npos)
    return "may have a '*' only as its first label: *.example.org";
  if (name.find(':') != std::string_view::npos)
    return "may have no port; an IPv6 address stands in brackets";
  if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) > 127; }))
    return "has letters beyond ASCII; write it as A-labels, as clients send it: xn--...";
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    if (end == begin)
      return "has an empty label";
    const auto label = name.substr(begin, end - begin);
    if (!std::all_of(label.begin(), label.end(), is_name_character))
      return "has a character that no host name has";
    begin = end + 1;
  }
  return nullptr;
}

/// Without port and without a dot at its end.
std::string_view bare(std::string_view host) noexcept {
  const std::size_t closing = host.starts_with('[') ? host.find(']') : std::string_view::npos;
  if (closing != std::string_view::npos)
    return host.substr(0, closing + 1);
  host = host.substr(0, host.find(':'));
  if (host.ends_with('.'))
    host.remove_suffix(1);
  return host;
}

} // namespace

std::string hosts::normal_name(std::string_view name) {
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), detail::to_lower);
  if (out.size() > 1 && out.ends_with('.'))
    out.pop_back();
  if (const char* fault = fault_of(out))
    throw std::invalid_argument("perron: host name '" + std::string(name) + "' " + fault);
  return out;
}

std::shared_ptr<const router> hosts::nobody() {
  static const auto made = [] {
    auto r = std::make_shared<router>();
    r->not_found([](request&) -> response {
      throw http_error(status::misdirected_request, "no site of this name is served here");
    });
    return std::shared_ptr<const router>(std::move(r));
  }();
  return made;
}

hosts& hosts::add(std::string_view name, router r) {
  add_shared(name, std::make_shared<const router>(std::move(r)));
  return *this;
}

hosts& hosts::alias(std::string_view name, std::string_view of) {
  add_shared(name, shared(of));
  return *this;
}

hosts& hosts::otherwise(router r) {
  default_ = std::make_shared<const router>(std::move(r));
  return *this;
}

hosts& hosts::otherwise_as(std::string_view of) {
  default_ = shared(of);
  return *this;
}

std::shared_ptr<const router> hosts::shared(std::string_view name) const {
  const std::string normal = normal_name(name);
  for (const entry& e : entries_)
    if (e.name == normal)
      return e.routes;
  throw std::invalid_argument("perron: host name '" + normal + "' was not added");
}

void hosts::add_shared(std::string_view name, std::shared_ptr<const router> r) {
  std::string normal = normal_name(name);
  const bool is_wildcard = normal.starts_with("*.");
  table& into = is_wildcard ? wildcards_ : names_;
  if (!into.emplace(is_wildcard ? normal.substr(2) : normal, r.get()).second)
    throw std::invalid_argument("perron: host name '" + normal + "' was added before");
  entries_.push_back({std::move(normal), std::move(r)});
}

const router& hosts::find_named(std::string_view host) const noexcept {
  const std::string_view name = bare(host);
  std::array<char, longest_name> buffer; // not initialised: it is written before it is read
  if (name.size() > buffer.size())
    return *default_;
  std::transform(name.begin(), name.end(), buffer.begin(), detail::to_lower);
  std::string_view rest(buffer.data(), name.size());
  if (const auto at = names_.find(rest); at != names_.end())
    return *at->second;
  if (wildcards_.empty())
    return *default_;
  for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    // a label must stand before it
    const bool is_below = dot != 0;
    rest.remove_prefix(dot + 1);
    if (!is_below)
      break;
    if (const auto at = wildcards_.find(rest); at != wildcards_.end())
      return *at->second;
  }
  return *default_;
}

} // namespace perron::httpd
