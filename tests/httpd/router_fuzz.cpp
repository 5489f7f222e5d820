// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/router.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;

struct route {
  std::string method;
  std::string pattern;
};

void require(bool holds) {
  if (!holds)
    std::abort();
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t at = 1; at <= path.size();) {
    const auto next = std::min(path.find('/', at), path.size());
    segments.push_back(path.substr(at, next - at));
    at = next + 1;
  }
  return segments;
}

/// What each segment of the path matched as ('l', 'p' or 'w'), which orders candidates as the router must;
/// nothing if the pattern does not match. The slow and plain definition that the tree is held against.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  if (!path.starts_with('/'))
    return std::nullopt;
  const auto wanted = split(pattern);
  const auto given = split(path);
  std::string kinds;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i == given.size())
      return std::nullopt;
    if (wanted[i].starts_with('*'))
      return kinds + 'w';
    const bool param = wanted[i].starts_with(':');
    if (param ? given[i].empty() : wanted[i] != given[i])
      return std::nullopt;
    kinds += param ? 'p' : 'l';
  }
  if (given.size() != wanted.size())
    return std::nullopt;
  return kinds;
}

void check_lookup(const basic_router<std::size_t>& router, const std::vector<route>& routes,
                  std::string_view method, std::string_view path) {
  std::optional<std::size_t> best;
  std::string best_rank;
  bool path_known = false;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const auto kinds = match(routes[i].pattern, path);
    path_known = path_known || kinds;
    const bool own = routes[i].method == method;
    const bool by_get = method == "HEAD" && routes[i].method == "GET";
    if (!kinds || !(own || by_get || routes[i].method == any_method))
      continue;
    const auto rank = *kinds + (own ? '0' : by_get ? '1' : '2');
    if (!best || rank < best_rank) {
      best = i;
      best_rank = rank;
    }
  }
  const auto found = router.lookup(method, path);
  if (!best) {
    require(found.outcome == (path_known ? route_outcome::method_not_allowed : route_outcome::not_found));
    require(found.allowed.empty() != path_known);
    return;
  }
  require(found.outcome == route_outcome::match && *found.handler == *best);
  const auto wanted = split(routes[*best].pattern);
  const auto given = split(path);
  std::size_t param = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with(':') && !wanted[i].starts_with('*'))
      continue;
    require(found.params.name(param) == wanted[i].substr(1));
    if (wanted[i].starts_with(':'))
      require(found.params.value(param) == given[i]);
    else
      require(path.ends_with(found.params.value(param)));
    ++param;
  }
  require(param == found.params.size());
}

} // namespace

/// Lines: "method pattern" adds a route, "?method path" looks one up.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  basic_router<std::size_t> router;
  std::vector<route> routes;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool lookup = line.starts_with('?');
    line.remove_prefix(lookup ? 1 : 0);
    const auto space = std::min(line.find(' '), line.size());
    const auto method = line.substr(0, space);
    const auto path = line.substr(std::min(space + 1, line.size()));
    if (lookup) {
      check_lookup(router, routes, method, path);
    } else if (const auto added = router.add(method, path, routes.size()); added) {
      routes.push_back({std::string(method), std::string(path)});
    } else {
      require(!added.error().text.empty());
    }
  }
  return 0;
}
