// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/extension.hpp>

#include <perron/httpd/http1/characters.hpp>

#include <algorithm>
#include <vector>

namespace perron::httpd::rfc6455 {
namespace {

struct parameter {
  std::string_view name;
  std::optional<std::string> value{};
};

struct extension {
  std::string_view name;
  std::vector<parameter> parameters{};
};

/// Reads the grammar of RFC 6455 9.1 from the front of a text.
class scanner {
public:
  explicit scanner(std::string_view text) noexcept : rest_(text) {}

  bool at_end() noexcept {
    skip_blanks();
    return rest_.empty();
  }
  bool take(char c) noexcept {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c)
      return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Empty: there is none.
  std::string_view token() noexcept {
    skip_blanks();
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), http1::detail::is_token_char);
    const auto found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(found.size());
    return found;
  }
  /// A token, or a quoted string that holds one; empty: there is neither.
  std::string value() {
    if (!take('"'))
      return std::string(token());
    std::string out;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\')
        rest_.remove_prefix(1);
      if (rest_.empty() || !http1::detail::is_token_char(rest_.front()))
        return {};
      out += rest_.front();
      rest_.remove_prefix(1);
    }
    return take('"') ? out : std::string();
  }

private:
  void skip_blanks() noexcept {
    while (!rest_.empty() && httpd::detail::is_blank(rest_.front()))
      rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

/// Nothing: the list is malformed.
std::optional<std::vector<extension>> parse_list(std::string_view text) {
  std::vector<extension> found;
  scanner at(text);
  while (!at.at_end()) {
    if (at.take(',')) // an empty element (RFC 9110 5.6.1)
      continue;
    extension one{at.token()};
    if (one.name.empty())
      return std::nullopt;
    while (at.take(';')) {
      parameter p{at.token()};
      if (p.name.empty())
        return std::nullopt;
      if (at.take('=')) {
        p.value = at.value();
        if (p.value->empty())
          return std::nullopt;
      }
      one.parameters.push_back(std::move(p));
    }
    found.push_back(std::move(one));
    if (!at.at_end() && !at.take(','))
      return std::nullopt;
  }
  return found;
}

/// The parameters of permessage-deflate, as an offer or an answer has them (RFC 7692 7.1).
struct deflate_parameters {
  bool server_no_takeover = false;
  bool client_no_takeover = false;
  std::optional<std::uint8_t> server_bits{};
  std::optional<std::uint8_t> client_bits{}; ///< 0: without a value
};

std::optional<std::uint8_t> window_bits(const std::optional<std::string>& value) noexcept {
  if (!value)
    return std::nullopt;
  // without leading zeros (7.1.2.1)
  if (value->size() == 1 && (*value == "8" || *value == "9"))
    return static_cast<std::uint8_t>(value->front() - '0');
  if (value->size() == 2 && (*value)[0] == '1' && (*value)[1] >= '0' && (*value)[1] <= '5')
    return static_cast<std::uint8_t>(10 + (*value)[1] - '0');
  return std::nullopt;
}

bool read_flag(bool& into, const parameter& p) noexcept {
  if (into || p.value)
    return false;
  into = true;
  return true;
}

bool read_bits(std::optional<std::uint8_t>& into, const parameter& p, bool may_be_bare) noexcept {
  if (into)
    return false;
  into = !p.value && may_be_bare ? std::uint8_t(0) : window_bits(p.value);
  return into.has_value();
}

/// Nothing: a parameter is unknown, given twice or has a bad value.
std::optional<deflate_parameters> read_parameters(const extension& e, bool is_offer) noexcept {
  deflate_parameters found;
  for (const parameter& p : e.parameters) {
    bool good = false;
    if (p.name == "server_no_context_takeover")
      good = read_flag(found.server_no_takeover, p);
    else if (p.name == "client_no_context_takeover")
      good = read_flag(found.client_no_takeover, p);
    else if (p.name == "server_max_window_bits")
      good = read_bits(found.server_bits, p, false);
    else if (p.name == "client_max_window_bits")
      good = read_bits(found.client_bits, p, is_offer);
    if (!good)
      return std::nullopt;
  }
  return found;
}

std::optional<deflate_answer> accept_offer(const deflate_parameters& offer, const deflate_options& options) {
  deflate_answer made{{}, "permessage-deflate"};
  deflate_agreement& agreed = made.agreed;
  agreed.send_window_bits = std::min(options.send_window_bits, offer.server_bits.value_or(15));
  if (agreed.send_window_bits < 9) // zlib has no such window
    return std::nullopt;
  agreed.send_takeover = options.send_takeover && !offer.server_no_takeover;
  agreed.receive_takeover = options.receive_takeover && !offer.client_no_takeover;
  // the client can be asked for a smaller window only if its offer says that it understands (7.1.2.2)
  if (offer.client_bits) {
    const std::uint8_t at_most = *offer.client_bits == 0 ? std::uint8_t(15) : *offer.client_bits;
    agreed.receive_window_bits = std::min(options.receive_window_bits, at_most);
  }
  if (!agreed.send_takeover)
    made.field += "; server_no_context_takeover";
  if (!agreed.receive_takeover)
    made.field += "; client_no_context_takeover";
  if (agreed.send_window_bits < 15 || offer.server_bits)
    made.field += "; server_max_window_bits=" + std::to_string(agreed.send_window_bits);
  if (agreed.receive_window_bits < 15)
    made.field += "; client_max_window_bits=" + std::to_string(agreed.receive_window_bits);
  return made;
}

} // namespace

extensions_found negotiate(const header_view& headers, const deflate_options& options) {
  extensions_found found;
  headers.each("Sec-WebSocket-Extensions", [&](std::string_view field) {
    const auto list = parse_list(field);
    if (!list || list->empty()) {
      found.well_formed = false;
      return;
    }
    if (!options.on)
      return;
    for (const extension& offer : *list) {
      if (found.deflate || offer.name != "permessage-deflate")
        continue;
      if (const auto parameters = read_parameters(offer, true))
        found.deflate = accept_offer(*parameters, options);
    }
  });
  return found;
}

std::optional<deflate_agreement> read_deflate_answer(std::string_view field) {
  const auto list = parse_list(field);
  if (!list || list->size() != 1 || list->front().name != "permessage-deflate")
    return std::nullopt;
  const auto answer = read_parameters(list->front(), false);
  if (!answer)
    return std::nullopt;
  return deflate_agreement{.send_window_bits = std::max<std::uint8_t>(answer->client_bits.value_or(15), 9),
                           .receive_window_bits = answer->server_bits.value_or(15),
                           .send_takeover = !answer->client_no_takeover,
                           .receive_takeover = !answer->server_no_takeover};
}

} // namespace perron::httpd::rfc6455
