// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/router.hpp>

#include <perron/httpd/http1/characters.hpp>

#include <algorithm>
#include <cerrno>

namespace perron::httpd {

namespace {

using runtime::error;

constexpr std::size_t max_segments = 64;
constexpr std::size_t max_methods = 64;
constexpr std::uint32_t get_method = 0;
constexpr std::uint32_t head_method = 1;
constexpr std::uint32_t any = 2; // the id of any_method

constexpr std::uint64_t bit(std::uint32_t method) noexcept { return std::uint64_t{1} << method; }

struct by_size_then_bytes {
  bool operator()(std::string_view a, std::string_view b) const noexcept {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

enum class segment_kind { literal, param, wildcard };

struct pattern_segment {
  segment_kind kind;
  std::string_view text; // of a parameter: its name
};

const char* find_literal_fault(std::string_view text, bool last) noexcept {
  if (text.empty())
    return last ? nullptr : "has an empty segment";
  if (text == "." || text == "..")
    return "has a dot segment, which no normalised path has";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ':' || c == '*')
      return "has ':' or '*' inside a segment; a parameter is a whole segment";
    if (c == '?' || c == '#')
      return "has '?' or '#', which no path has";
    if (http1::detail::is_control(c) || c == '\t')
      return "has a control character";
    if (c == '%' && text.substr(i, 3) != "%2F" && text.substr(i, 3) != "%25")
      return "has an escape other than %2F and %25; write the rest decoded";
  }
  return nullptr;
}

bool is_name(std::string_view text) noexcept {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return is_letter(c) || is_digit(c); });
}

/// The pattern's segments, or what is wrong with it in `fault`.
std::vector<pattern_segment> split_pattern(std::string_view pattern, const char*& fault) {
  std::vector<pattern_segment> segments;
  std::vector<std::string_view> names;
  if (!pattern.starts_with('/')) {
    fault = "does not begin with '/'";
    return segments;
  }
  for (std::size_t at = 1; at <= pattern.size() && fault == nullptr;) {
    const std::size_t next = std::min(pattern.find('/', at), pattern.size());
    const bool last = next == pattern.size();
    auto text = pattern.substr(at, next - at);
    auto kind = segment_kind::literal;
    if (text.starts_with(':') || text.starts_with('*')) {
      kind = text.front() == ':' ? segment_kind::param : segment_kind::wildcard;
      text.remove_prefix(1);
      if (!is_name(text))
        fault = "has a parameter whose name is not letters, digits and '_'";
      else if (std::find(names.begin(), names.end(), text) != names.end())
        fault = "has two parameters of one name";
      else if (kind == segment_kind::wildcard && !last)
        fault = "has something behind its wildcard";
      else if (names.size() == max_route_params)
        fault = "has more than 8 parameters";
      names.push_back(text);
    } else {
      fault = find_literal_fault(text, last);
    }
    if (segments.size() == max_segments)
      fault = "has more than 64 segments";
    segments.push_back({kind, text});
    at = next + 1;
  }
  return segments;
}

} // namespace

namespace core {

/// One lookup: a walk from the root that takes, at each node, the literal, the parameter and the wildcard in
/// turn until one of them has a route for the method. A node is reached on one path only, so no part of the
/// tree is walked twice; depth is bounded by max_segments.
class route_search {
public:
  route_search(const route_tree& tree, std::uint32_t method, std::string_view path,
               route_finding& found) noexcept
      : tree_(tree), method_(method), path_(path), found_(found) {}

  /// `begin` is where the segment begins that stands below `node`.
  bool walk(std::uint32_t node, std::size_t begin, std::size_t params) noexcept {
    const auto& at = tree_.nodes_[node];
    const std::size_t end = std::min(path_.find('/', begin), path_.size());
    const auto segment = path_.substr(begin, end - begin);
    if (const auto child = find_literal(at, segment); child != route_tree::none && step(child, end, params))
      return true;
    if (at.param != route_tree::none && !segment.empty()) {
      found_.params.values_[params] = segment;
      if (step(at.param, end, params + 1))
        return true;
    }
    if (at.rest.empty())
      return false;
    found_.params.values_[params] = path_.substr(begin);
    return accept(at.rest);
  }

private:
  bool step(std::uint32_t node, std::size_t end, std::size_t params) noexcept {
    return end == path_.size() ? accept(tree_.nodes_[node].here) : walk(node, end + 1, params);
  }

  static std::uint32_t find_literal(const route_tree::node& node, std::string_view segment) noexcept {
    constexpr std::size_t few = 16; // up to here a plain walk is faster: most edges differ in size already
    if (node.edges.size() <= few) {
      for (const auto& edge : node.edges)
        if (edge.segment == segment)
          return edge.node;
      return route_tree::none;
    }
    const auto edge = std::lower_bound(
        node.edges.begin(), node.edges.end(), segment,
        [](const auto& e, std::string_view s) { return by_size_then_bytes{}(e.segment, s); });
    return edge != node.edges.end() && edge->segment == segment ? edge->node : route_tree::none;
  }

  bool accept(const std::vector<route_tree::endpoint>& endpoints) noexcept {
    const route_tree::endpoint* fallback = nullptr;
    for (const auto& endpoint : endpoints) {
      if (endpoint.method == method_)
        return take(endpoint);
      if (endpoint.method == get_method && method_ == head_method)
        fallback = &endpoint;
      else if (endpoint.method == any && fallback == nullptr)
        fallback = &endpoint;
      found_.allowed.bits |= bit(endpoint.method);
    }
    return fallback != nullptr && take(*fallback);
  }

  bool take(const route_tree::endpoint& endpoint) noexcept {
    found_.outcome = route_outcome::match;
    found_.index = endpoint.index;
    found_.params.names_ = endpoint.names;
    return true;
  }

  const route_tree& tree_;
  const std::uint32_t method_;
  const std::string_view path_;
  route_finding& found_;
};

route_tree::route_tree() : nodes_(1), methods_{"GET", "HEAD", std::string(any_method)} {}

runtime::result<void> route_tree::add(std::string_view method, std::string_view pattern,
                                      std::uint32_t index) {
  const auto refuse = [&](std::string_view why) {
    return error{"route " + std::string(method) + " " + std::string(pattern) + " " + std::string(why),
                 EINVAL};
  };
  if (!http1::detail::is_token(method))
    return refuse("has a method that is not a token");
  const char* fault = nullptr;
  const auto segments = split_pattern(pattern, fault);
  if (fault != nullptr)
    return refuse(fault);
  auto method_id = find_method(method);
  if (method_id == none && methods_.size() == max_methods)
    return refuse("has the 64th method of this router");

  std::uint32_t at = 0;
  endpoint route{.method = method_id, .index = index, .names = {}, .pattern = std::string(pattern)};
  bool wildcard = false;
  for (const auto& segment : segments) {
    if (segment.kind != segment_kind::literal)
      route.names.emplace_back(segment.text);
    if (segment.kind == segment_kind::literal)
      at = literal_child(at, segment.text);
    else if (segment.kind == segment_kind::param)
      at = param_child(at);
    else
      wildcard = true;
  }
  auto& routes = wildcard ? nodes_[at].rest : nodes_[at].here;
  for (const auto& other : routes)
    if (other.method == method_id)
      return refuse("matches the same requests as " + std::string(method) + " " + other.pattern);
  if (method_id == none) {
    route.method = static_cast<std::uint32_t>(methods_.size());
    methods_.emplace_back(method);
  }
  routes.push_back(std::move(route));
  return {};
}

void route_tree::find(std::string_view method, std::string_view path, route_finding& found) const noexcept {
  if (path.starts_with('/') && !route_search(*this, find_method(method), path, found).walk(0, 1, 0) &&
      !found.allowed.empty())
    found.outcome = route_outcome::method_not_allowed;
}

std::string route_tree::allow_value(method_set methods) const {
  if ((methods.bits & bit(get_method)) != 0)
    methods.bits |= bit(head_method);
  std::string value;
  bool has_options = false;
  for (std::uint32_t i = 0; i < methods_.size(); ++i)
    if (i != any && (methods.bits & bit(i)) != 0) {
      value += methods_[i] + ", ";
      has_options = has_options || methods_[i] == "OPTIONS";
    }
  return has_options ? value.substr(0, value.size() - 2) : value + "OPTIONS";
}

method_set route_tree::all_methods() const noexcept {
  method_set all;
  for (const auto& at : nodes_)
    for (const auto* routes : {&at.here, &at.rest})
      for (const auto& route : *routes)
        all.bits |= bit(route.method);
  return all;
}

std::uint32_t route_tree::find_method(std::string_view method) const noexcept {
  for (std::size_t i = 0; i < methods_.size(); ++i)
    if (methods_[i] == method)
      return static_cast<std::uint32_t>(i);
  return none;
}

std::uint32_t route_tree::literal_child(std::uint32_t parent, std::string_view segment) {
  auto& edges = nodes_[parent].edges;
  const auto place =
      std::lower_bound(edges.begin(), edges.end(), segment,
                       [](const edge& e, std::string_view s) { return by_size_then_bytes{}(e.segment, s); });
  if (place != edges.end() && place->segment == segment)
    return place->node;
  const auto child = static_cast<std::uint32_t>(nodes_.size());
  edges.insert(place, {std::string(segment), child});
  nodes_.emplace_back();
  return child;
}

std::uint32_t route_tree::param_child(std::uint32_t parent) {
  if (nodes_[parent].param == none) {
    nodes_[parent].param = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  }
  return nodes_[parent].param;
}

} // namespace core

} // namespace perron::httpd
