// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perron::httpd {

/// Virtual hosts: which router answers for which name. A single router is hosts too: it answers for all.
///
///     httpd::hosts sites;
///     sites.add("example.org", shop).alias("www.example.org", "example.org");
///     sites.add("*.example.org", blogs);
///     sites.otherwise(front);
///     httpd::start_server({.port = 80}, sites);
///
/// The name that is asked for is request::host(): its port does not matter, nor its case, nor a dot at its
/// end. A name itself wins over wildcards, a longer wildcard over a shorter one. `*.example.org` has every
/// name below example.org, at any depth, and not example.org itself. Names beyond ASCII are given in the form
/// that clients send, as A-labels: "xn--bcher-kva.example" (RFC 5890 2.3.2.1). An address is a name like any
/// other: "192.0.2.1", "[2001:db8::1]". A name that nobody has, and a request without one (HTTP/1.0), is
/// answered by `otherwise`, and without it by 421 (RFC 9110 15.5.20).
///
/// Copies share their routers. Put together by one thread, then read by any number. Finding costs one branch
/// where there is only a router for all; else one lookup by hash for each label of the name.
class hosts {
public:
  hosts() = default;
  /// A router for every name. Implicit, so that a router is taken wherever hosts are.
  hosts(router everything) { otherwise(std::move(everything)); }

  /// Mistakes are the programmer's: a malformed or second name throws std::invalid_argument.
  hosts& add(std::string_view name, router r);
  /// `name` is answered as `of` is, which was added before.
  hosts& alias(std::string_view name, std::string_view of);
  /// Answers for names that nobody has.
  hosts& otherwise(router r);
  /// As the name `of` does.
  hosts& otherwise_as(std::string_view of);

  /// What answers for a host as a client names it, with or without a port. Never waits or allocates.
  const router& find(std::string_view host) const noexcept {
    return entries_.empty() ? *default_ : find_named(host);
  }

  /// What there is, for lists: "example.org", in the order of adding, and its router. `otherwise` is not in
  /// it.
  struct entry {
    std::string name;
    std::shared_ptr<const router> routes;
  };
  const std::vector<entry>& all() const noexcept { return entries_; }
  const router& fallback() const noexcept { return *default_; }

  /// The form in which names are compared: lower case, no dot at the end. Throws std::invalid_argument, with
  /// what is wrong, if it is neither a name, nor a wildcard, nor an address.
  static std::string normal_name(std::string_view name);

private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  using table = std::unordered_map<std::string, const router*, text_hash, std::equal_to<>>;

  const router& find_named(std::string_view host) const noexcept;
  void add_shared(std::string_view name, std::shared_ptr<const router> r);
  std::shared_ptr<const router> shared(std::string_view name) const;

  std::vector<entry> entries_;
  table names_;     ///< "example.org"
  table wildcards_; ///< "example.org" for "*.example.org"
  std::shared_ptr<const router> default_ = nobody();

  /// Answers 421.
  static std::shared_ptr<const router> nobody();
};

} // namespace perron::httpd
