// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/characters.hpp>
#include <perron/httpd/ip_address.hpp>
#include <perron/httpd/program/config/words.hpp>

#include <algorithm>

namespace perron::httpd::program::words {

namespace {

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

template <class Fits>
bool all(std::string_view text, Fits fits) noexcept {
  return std::all_of(text.begin(), text.end(), fits);
}

bool has_no_controls(std::string_view text) noexcept {
  return all(text, [](char c) { return !is_control(c) || c == '\t'; });
}

bool is_host(std::string_view text) noexcept {
  if (ip_address::parse(text))
    return true;
  if (text.starts_with("*."))
    text.remove_prefix(2);
  if (text.empty() || text.size() > 253)
    return false;
  while (true) {
    const auto end = std::min(text.find('.'), text.size());
    const auto label = text.substr(0, end);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
        !all(label, [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; }))
      return false;
    if (end == text.size())
      return true;
    text.remove_prefix(end + 1);
  }
}

bool is_media_type(std::string_view text) noexcept {
  const auto essence = text.substr(0, text.find(';'));
  const auto slash = essence.find('/');
  return slash != std::string_view::npos && http1::detail::is_token(essence.substr(0, slash)) &&
         http1::detail::is_token(essence.substr(slash + 1)) && essence.find('*') == std::string_view::npos &&
         has_no_controls(text);
}

bool is_media_range(std::string_view text) noexcept {
  if (text == "*" || text == "*/*")
    return true;
  const auto slash = text.find('/');
  return slash != std::string_view::npos && http1::detail::is_token(text.substr(0, slash)) &&
         http1::detail::is_token(text.substr(slash + 1)) && text.find('*') >= slash;
}

bool is_network(std::string_view text) noexcept { return ip_network::parse(text).has_value(); }

bool is_client(std::string_view text) noexcept { return text == "all" || text == "unix" || is_network(text); }

bool is_url_path(std::string_view text) noexcept {
  return text.starts_with('/') && !text.starts_with("//") && has_no_controls(text) &&
         text.find_first_of(" ?#") == std::string_view::npos;
}

bool is_location(std::string_view text) noexcept {
  return has_no_controls(text) && text.find(' ') == std::string_view::npos &&
         ((text.starts_with('/') && !text.starts_with("//")) || text.starts_with("http://") ||
          text.starts_with("https://") || text.starts_with("{scheme}://"));
}

bool is_file_name(std::string_view text) noexcept {
  return !text.empty() && text != "." && text != ".." && text.find('/') == std::string_view::npos &&
         has_no_controls(text);
}

bool is_tried_path(std::string_view text) noexcept {
  return !text.empty() && has_no_controls(text) && text.find("..") == std::string_view::npos;
}

bool is_field_value(std::string_view text) noexcept {
  return has_no_controls(text) && !text.starts_with(' ') && !text.ends_with(' ');
}

bool is_origin(std::string_view text) noexcept {
  if (text == "*" || text == "null")
    return true;
  const auto scheme = text.starts_with("https://") ? 8U : text.starts_with("http://") ? 7U : 0U;
  if (scheme == 0)
    return false;
  text.remove_prefix(scheme);
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && colon + 1 < text.size() && text.size() - colon < 7 &&
      all(text.substr(colon + 1), is_digit))
    text = text.substr(0, colon);
  return is_host(text);
}

bool is_extension(std::string_view text) noexcept {
  return !text.empty() && !text.starts_with('.') && text.find('/') == std::string_view::npos &&
         has_no_controls(text);
}

bool is_statuses(std::string_view text) noexcept {
  if (text == "all" || text == "4xx" || text == "5xx")
    return true;
  return text.size() == 3 && (text[0] == '4' || text[0] == '5') && is_digit(text[1]) && is_digit(text[2]);
}

bool is_name(std::string_view text) noexcept {
  return !text.empty() &&
         all(text, [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-'; });
}

/// htpasswd.hpp has what these mean; whether the rest is right is seen when the users are made.
bool is_user_hash(std::string_view text) noexcept {
  constexpr std::string_view kinds[]{"$2y$", "$2a$", "$2b$", "$5$", "$6$", "$y$", "$apr1$", "{SHA}"};
  return has_no_controls(text) && text.find(':') == std::string_view::npos &&
         std::any_of(std::begin(kinds), std::end(kinds), [&](auto kind) { return text.starts_with(kind); });
}

bool is_glob(std::string_view text) noexcept { return !text.empty() && has_no_controls(text); }

} // namespace

const word_rule any{"text", "write a text without control characters", has_no_controls};
const word_rule body{"text", "write a text", [](std::string_view) noexcept { return true; }};
const word_rule label{"name", "write a name, like \"https\"",
                      [](std::string_view text) noexcept { return !text.empty() && has_no_controls(text); }};
const word_rule name{"name", "write letters, digits, '.', '_' and '-'", is_name};
const word_rule host{"host name",
                     "write a name like \"example.org\" or \"*.example.org\", without scheme, port and path",
                     is_host};
const word_rule network{
    "address or network",
    "write an address or a network, with zeros behind its prefix, like \"192.0.2.7\" or \"10.0.0.0/8\"",
    is_network};
const word_rule client{"address or network",
                       "write an address, a network like \"10.0.0.0/8\", \"unix\" or \"all\"", is_client};
const word_rule url_path{"path", "write a path that begins with one '/', like \"/downloads/\"", is_url_path};
const word_rule path_or_none{
    "path", "write a path like \"/metrics\", or an empty text",
    [](std::string_view text) noexcept { return text.empty() || is_url_path(text); }};
const word_rule location{"path or URL", "write a path like \"/new\" or a URL like \"https://example.org/\"",
                         is_location};
const word_rule file_name{"file name", "write a name without '/', like \"index.html\"", is_file_name};
const word_rule tried_path{"path", "write a path below the root, like \"{path}.html\" or \"index.html\"",
                           is_tried_path};
const word_rule media_type{"media type", "write a media type like \"text/html\"", is_media_type};
const word_rule media_range{"media type", "write a media type like \"text/html\", \"image/*\" or \"*\"",
                            is_media_range};
const word_rule token{"token", "write letters, digits and '-', like \"X-Frame-Options\"",
                      http1::detail::is_token};
const word_rule field_value{"text", "write a text on one line, without blanks at its ends", is_field_value};
const word_rule origin{
    "origin", "write \"https://app.example.org\", \"https://*.example.org\" or \"*\", without a path",
    is_origin};
const word_rule extension{"extension", "write an extension without its dot, like \"html\"", is_extension};
const word_rule statuses{"status", "write a status like \"404\", or \"4xx\", \"5xx\" or \"all\"",
                         is_statuses};
const word_rule user_hash{
    "hash", "write what `htpasswd -nB NAME` gives behind the colon, like \"$2y$05$...\"", is_user_hash};
const word_rule glob{"pattern", "write a file or a pattern like \"sites.d/*.toml\"", is_glob};

} // namespace perron::httpd::program::words
