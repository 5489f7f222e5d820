// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd {

namespace core {
class route_search;
}

/// Most parameters that one pattern may have, its wildcard included.
inline constexpr std::size_t max_route_params = 8;

/// A route of this method takes every method that its pattern has no other route for.
inline constexpr std::string_view any_method = "*";

/// What the parameters of a pattern stood for in a path. Values are views into the path that was looked up,
/// still in the form of normal_target::path (use decode_segment() where an encoded slash or percent sign may
/// come); names are views into the router. A value of `:name` is never empty, that of `*name` may be.
class route_params {
public:
  std::size_t size() const noexcept { return names_.size(); }
  std::string_view name(std::size_t i) const noexcept { return names_[i]; }
  std::string_view value(std::size_t i) const noexcept { return values_[i]; }

  /// The value under this name; nothing if the pattern has no such parameter.
  std::optional<std::string_view> get(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (names_[i] == name)
        return values_[i];
    return std::nullopt;
  }

private:
  friend class core::route_search;

  std::span<const std::string> names_;
  std::array<std::string_view, max_route_params> values_;
};

enum class route_outcome : std::uint8_t {
  match,
  not_found,          ///< no pattern has this path: 404
  method_not_allowed, ///< some pattern has this path, for other methods: 405 with Allow, or 200/204 to
                      ///< OPTIONS
};

/// A set of methods that one router knows; only that router can name them.
struct method_set {
  std::uint64_t bits = 0;

  bool empty() const noexcept { return bits == 0; }
};

/// What a lookup found, without the handler.
struct route_finding {
  route_outcome outcome = route_outcome::not_found;
  std::uint32_t index = 0; ///< of match: the how-manieth route that was added
  route_params params;     ///< of match
  method_set allowed;      ///< of method_not_allowed; for allow_value()
};

namespace core {

/// The tree behind basic_router: one node for each prefix of segments that some pattern has. See there.
class route_tree {
public:
  route_tree();

  runtime::result<void> add(std::string_view method, std::string_view pattern, std::uint32_t index);
  void find(std::string_view method, std::string_view path, route_finding& found) const noexcept;
  std::string allow_value(method_set methods) const;
  method_set all_methods() const noexcept;

private:
  friend class route_search;

  static constexpr std::uint32_t none = UINT32_MAX;

  struct endpoint {
    std::uint32_t method = none;
    std::uint32_t index = none;
    std::vector<std::string> names;
    std::string pattern;
  };

  struct edge {
    std::string segment;
    std::uint32_t node = none;
  };

  struct node {
    std::vector<edge> edges;    // literal segments, by size and then bytes
    std::uint32_t param = none; // the node behind `:name`
    std::vector<endpoint> here; // patterns that end at this node
    std::vector<endpoint> rest; // patterns that end in `*name` below this node
  };

  std::uint32_t find_method(std::string_view method) const noexcept;
  std::uint32_t literal_child(std::uint32_t parent, std::string_view segment);
  std::uint32_t param_child(std::uint32_t parent);

  std::vector<node> nodes_;
  std::vector<std::string> methods_; // a method's place here is its bit in a method_set
};

} // namespace core

/// Finds the handler of a request by method and path. Patterns are paths whose segments may be parameters:
///
///     /rooms/:room/messages    `room` is one segment, not empty
///     /static/*rest            `rest` is all that is left, slashes and emptiness included; only at the end
///
/// A path is compared in the form of normal_target::path, so literals are written decoded, with `%2F` and
/// `%25` for a slash or percent sign that is data. `/rooms` and `/rooms/` are two paths, and `/static/*rest`
/// has the second shape only: it matches `/static/`, not `/static`.
///
/// Where several patterns have a path, the leftmost segment in which they differ decides: literal before
/// parameter before wildcard, whatever the order of adding. If that choice turns out to have no route for the
/// rest of the path, or none for the method, the next is tried. HEAD is answered by GET's handler where there
/// is no own one; what a pattern has no method for, by its any_method if it has that. OPTIONS without a route
/// is `method_not_allowed`, which the caller answers with Allow.
///
/// Add all routes first; then lookups may run on any number of threads. A lookup allocates nothing and visits
/// each node of the tree at most once; under 50 ns for `/hello`. Handler is any movable type.
template <class Handler>
class basic_router {
public:
  struct lookup_result : route_finding {
    const Handler* handler = nullptr; ///< of match; valid until the next add()
  };

  /// Errors (the router is then unchanged): a malformed method or pattern, more than max_route_params
  /// parameters, or a route that would match exactly what another of the same method does.
  runtime::result<void> add(std::string_view method, std::string_view pattern, Handler handler) {
    auto added = tree_.add(method, pattern, static_cast<std::uint32_t>(handlers_.size()));
    if (added)
      handlers_.push_back(std::move(handler));
    return added;
  }

  /// `path` must outlive the parameters of the result. Anything may be in it: what is no path is not found.
  lookup_result lookup(std::string_view method, std::string_view path) const noexcept {
    lookup_result found;
    tree_.find(method, path, found);
    if (found.outcome == route_outcome::match)
      found.handler = &handlers_[found.index];
    return found;
  }

  /// The value of an Allow field: "GET, HEAD, OPTIONS". OPTIONS is always in it, HEAD where GET is.
  std::string allow_value(method_set methods) const { return tree_.allow_value(methods); }

  /// Every method that some route has: what `OPTIONS *` is answered with.
  method_set all_methods() const noexcept { return tree_.all_methods(); }

  std::size_t size() const noexcept { return handlers_.size(); }
  /// The handler that was added as the how-manieth.
  const Handler& operator[](std::size_t index) const noexcept { return handlers_[index]; }

private:
  core::route_tree tree_;
  std::vector<Handler> handlers_;
};

} // namespace perron::httpd
