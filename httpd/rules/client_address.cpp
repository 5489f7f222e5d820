// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/client_address.hpp>

#include <perron/httpd/parameters.hpp>
#include <perron/httpd/rules/requirement.hpp>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace perron::httpd {
namespace {

/// What is known of the client, kept for the request.
struct client_facts {
  bool is_known = false;
  std::optional<ip_address> address{};
  std::optional<bool> secure{}; ///< nothing: no proxy has said
};

/// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]" and "[2001:db8::1]:80".
std::optional<ip_address> parse_node(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? std::nullopt : ip_address::parse(text.substr(1, end - 1));
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos)
    text = text.substr(0, colon);
  return ip_address::parse(text);
}

client_facts& facts_of(request& r) {
  client_facts& facts = r.local<client_facts>();
  if (!facts.is_known) {
    facts.address = parse_node(r.peer());
    facts.is_known = true;
  }
  return facts;
}

class forwarding {
public:
  explicit forwarding(const forwarded_for_options& options) : field_(options.field) {
    core::require(check(options));
    for (const std::string& text : options.trusted) {
      if (text == "unix")
        trusts_unix_ = true;
      else
        trusted_.push_back(*ip_network::parse(text));
    }
  }

  void find_client(request& r) const {
    client_facts& facts = facts_of(r);
    if (!is_trusted(facts.address))
      return;
    std::vector<std::string> nodes =
        field_ == forwarded_field::forwarded ? read_forwarded(r, facts) : read_x_forwarded(r, facts);
    while (!nodes.empty() && is_trusted(facts.address)) {
      const auto before = parse_node(nodes.back());
      nodes.pop_back();
      if (!before)
        return;
      facts.address = before;
    }
  }

private:
  bool is_trusted(const std::optional<ip_address>& from) const noexcept {
    if (!from)
      return trusts_unix_;
    return std::any_of(trusted_.begin(), trusted_.end(),
                       [&](const ip_network& n) { return n.contains(*from); });
  }

  static std::vector<std::string> read_x_forwarded(const request& r, client_facts& facts) {
    std::vector<std::string> nodes;
    const auto each = [&r](std::string_view name, auto&& visit) {
      r.headers().each(name, [&](std::string_view value) {
        each_list_element(value, [&](std::string_view element) {
          visit(element);
          return true;
        });
      });
    };
    each("X-Forwarded-For", [&](std::string_view element) { nodes.emplace_back(element); });
    each("X-Forwarded-Proto",
         [&](std::string_view element) { facts.secure = equal_ignoring_case(element, "https"); });
    return nodes;
  }

  static std::vector<std::string> read_forwarded(const request& r, client_facts& facts) {
    std::vector<std::string> nodes;
    r.headers().each("Forwarded", [&](std::string_view value) {
      while (const auto element = cut_list_element(value)) {
        const std::string pairs = ';' + std::string(*element);
        const auto parsed = parameters_view::parse(pairs);
        nodes.push_back(parsed ? parsed->find("for").value_or("unknown") : "unknown");
        const auto scheme = parsed ? parsed->find("proto") : std::nullopt;
        facts.secure = scheme ? std::optional(equal_ignoring_case(*scheme, "https")) : std::nullopt;
      }
    });
    return nodes;
  }

  forwarded_field field_;
  bool trusts_unix_ = false;
  std::vector<ip_network> trusted_;
};

} // namespace

std::optional<ip_address> client_address(request& r) { return facts_of(r).address; }

bool came_securely(request& r) { return facts_of(r).secure.value_or(r.is_secure()); }

runtime::result<void> check(const forwarded_for_options& options) {
  for (const std::string& text : options.trusted)
    if (text != "unix" && !ip_network::parse(text))
      return runtime::error{"'" + text +
                            "' is no address or network such as 10.0.0.1, 10.0.0.0/8, 2001:db8::/32 or unix"};
  return {};
}

middleware forwarded_for(const forwarded_for_options& options) {
  return [rule = forwarding(options)](request& r, const handler& next) {
    rule.find_client(r);
    return next(r);
  };
}

} // namespace perron::httpd
