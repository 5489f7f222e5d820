// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/accept.hpp>

#include <perron/httpd/http1/characters.hpp>
#include <perron/httpd/media_type.hpp>
#include <perron/httpd/parameters.hpp>

#include <algorithm>

namespace perron::httpd {

namespace {

/// A weight in thousandths (RFC 9110 12.4.2); -1 if it is none.
int parse_weight(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1'))
    return -1;
  int value = text[0] == '1' ? 1000 : 0;
  if (text.size() > 1 && text[1] != '.')
    return -1;
  int unit = 100;
  for (const char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (c < '0' || c > '9')
      return -1;
    value += (c - '0') * unit;
    unit /= 10;
  }
  return value <= 1000 ? value : -1;
}

/// The weight among an element's parameters, 1000 if there is none; -1 if it is malformed.
int weight_of(const parameters_view& parameters) noexcept {
  const auto raw = parameters.find_raw("q");
  return raw ? parse_weight(*raw) : 1000;
}

/// An element of a list of tokens with weights: `gzip;q=0.5`.
struct weighted {
  std::string_view token;
  int weight = -1; // -1: malformed
};

weighted parse_weighted(std::string_view element) noexcept {
  const auto semicolon = std::min(element.find(';'), element.size());
  const auto token = detail::trim_blanks(element.substr(0, semicolon));
  const auto parameters = parameters_view::parse(element.substr(semicolon));
  if (!parameters || !http1::detail::is_token(token))
    return {};
  return {token, weight_of(*parameters)};
}

/// Calls `visit(element)` for every element of the list under `name`, over all its fields.
template <class Visitor>
void each_element(header_view headers, std::string_view name, Visitor&& visit) {
  headers.each(name, [&](std::string_view value) {
    while (const auto element = cut_list_element(value))
      visit(*element);
  });
}

/// How an offer is liked: by the most specific range that has it.
struct liking {
  int specificity = -1;
  int weight = -1;

  void consider(int how_specific, int how_liked) noexcept {
    if (how_specific > specificity || (how_specific == specificity && how_liked > weight)) {
      specificity = how_specific;
      weight = how_liked;
    }
  }
};

/// The offer of the highest weight above zero, the first of equals.
template <class Weigh>
std::optional<std::string_view> best_of(offers offered, Weigh weigh) noexcept {
  std::optional<std::string_view> best;
  int most = 0;
  for (const auto offer : offered)
    if (const int weight = weigh(offer); weight > most) {
      most = weight;
      best = offer;
    }
  return best;
}

/// How closely a media range has a type: 0 for all types, 1 for all subtypes, 2 for the type and one more for
/// each parameter; -1 if it does not have it.
int match(const media_type& range, const media_type& offer) noexcept {
  if (range.is("*/*"))
    return 0;
  if (!equal_ignoring_case(range.type, offer.type))
    return -1;
  if (range.subtype == "*")
    return 1;
  if (!equal_ignoring_case(range.subtype, offer.subtype))
    return -1;
  int specificity = 2;
  range.parameters.each([&](const parameter& p) {
    if (equal_ignoring_case(p.name, "q")) // what is behind it is no part of the range
      return false;
    const auto own = offer.parameters.find_raw(p.name);
    const auto bare = [](std::string_view v) {
      return v.size() >= 2 && v.front() == '"' ? v.substr(1, v.size() - 2) : v;
    };
    specificity = own && equal_ignoring_case(bare(*own), bare(p.value)) ? specificity + 1 : -1;
    return specificity >= 0;
  });
  return specificity;
}

/// `en` has en and en-GB, not enx.
bool is_prefix_of_tag(std::string_view range, std::string_view tag) noexcept {
  return tag.size() >= range.size() && equal_ignoring_case(tag.substr(0, range.size()), range) &&
         (tag.size() == range.size() || tag[range.size()] == '-');
}

bool is_coding(std::string_view token, std::string_view coding) noexcept {
  return equal_ignoring_case(token, coding) ||
         (equal_ignoring_case(token, "x-gzip") && equal_ignoring_case(coding, "gzip"));
}

} // namespace

std::optional<std::string_view> best_type(header_view headers, offers offered) noexcept {
  bool asked = false;
  const auto best = best_of(offered, [&](std::string_view offer) {
    const auto type = parse_media_type(offer);
    liking how;
    each_element(headers, "Accept", [&](std::string_view element) {
      const auto range = parse_media_type(element);
      const int weight = range ? weight_of(range->parameters) : -1;
      asked = asked || weight >= 0;
      if (weight >= 0 && type)
        if (const int specificity = match(*range, *type); specificity >= 0)
          how.consider(specificity, weight);
    });
    return how.weight;
  });
  return asked || offered.empty() ? best : offered.front();
}

std::optional<std::string_view> best_language(header_view headers, offers offered) noexcept {
  bool asked = false;
  const auto filtered = best_of(offered, [&](std::string_view offer) {
    liking how;
    each_element(headers, "Accept-Language", [&](std::string_view element) {
      const auto range = parse_weighted(element);
      asked = asked || range.weight >= 0;
      if (range.weight >= 0 && (range.token == "*" || is_prefix_of_tag(range.token, offer)))
        how.consider(range.token == "*" ? 0 : static_cast<int>(range.token.size()), range.weight);
    });
    return how.weight;
  });
  if (!asked && !offered.empty())
    return offered.front();
  if (filtered)
    return filtered;
  return best_of(offered, [&](std::string_view offer) {
    int weight = -1;
    bool refused = false;
    each_element(headers, "Accept-Language", [&](std::string_view element) {
      const auto range = parse_weighted(element);
      refused = refused || (range.weight == 0 && is_prefix_of_tag(range.token, offer));
      if (is_prefix_of_tag(offer, range.token))
        weight = std::max(weight, range.weight);
    });
    return refused ? -1 : weight;
  });
}

std::optional<std::string_view> best_encoding(header_view headers, offers offered) noexcept {
  constexpr std::string_view identity = "identity";
  if (!headers.contains("Accept-Encoding"))
    return identity;
  const auto weigh = [&](std::string_view offer) {
    liking how;
    each_element(headers, "Accept-Encoding", [&](std::string_view element) {
      const auto coding = parse_weighted(element);
      if (coding.weight >= 0 && (coding.token == "*" || is_coding(coding.token, offer)))
        how.consider(coding.token == "*" ? 0 : 1, coding.weight);
    });
    return how;
  };
  const auto best = best_of(offered, [&](std::string_view offer) { return weigh(offer).weight; });
  const liking plain = weigh(identity);
  if (best && (plain.specificity < 1 || plain.weight <= weigh(*best).weight))
    return best;
  return plain.weight == 0 ? std::nullopt : std::optional(identity);
}

} // namespace perron::httpd
