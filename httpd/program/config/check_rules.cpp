// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/check.hpp>
#include <perron/httpd/program/config/document.hpp>
#include <perron/httpd/rules/header_rules.hpp>
#include <perron/httpd/rules/path_pattern.hpp>

#include <string_view>

namespace perron::httpd::program {

namespace {

constexpr std::string_view pattern_remedy =
    "write a path like \"/old.html\", \"/:year/:post\" or \"/old/*rest\"";

void check_pattern_and_template(const std::string& from, const std::string& to, bool on_this_site,
                                const std::string& path, reading& r) {
  const auto pattern = path_pattern::parse(from);
  if (!pattern) {
    r.fail_at(path + ".from", toml_text(from) + ": " + pattern.error().text, std::string(pattern_remedy));
    return;
  }
  const auto filled =
      on_this_site ? path_template::parse_path(to, *pattern) : path_template::parse_location(to, *pattern);
  if (!filled)
    r.fail_at(path + ".to", toml_text(to) + ": " + filled.error().text,
              on_this_site
                  ? "write a path like \"/new/{rest}\", with names that from has"
                  : "write a path or a URL like \"https://example.org/{rest}\", with names that from has");
}

void check_field(header_action action, const std::string& name, const std::string& value,
                 const std::string& path, reading& r) {
  if (const auto checked = check(header_rule{.action = action, .name = name, .value = value}); !checked)
    r.fail_at(path, name + ": " + checked.error().text, "take it out, or write a field that may be changed");
}

} // namespace

void check_rules(const site_settings& of, const std::string& path, reading& r) {
  const auto is_here = [&](const char* key) { return r.place_of(path + key).line != 0; };
  const auto item = [&](const char* key, std::size_t index) {
    return path + key + '[' + std::to_string(index + 1) + ']';
  };
  for (std::size_t i = 0; i < of.redirects.size() && is_here(".redirects"); ++i)
    check_pattern_and_template(of.redirects[i].from, of.redirects[i].to, false, item(".redirects", i), r);
  for (std::size_t i = 0; i < of.rewrites.size() && is_here(".rewrites"); ++i)
    check_pattern_and_template(of.rewrites[i].from, of.rewrites[i].to, true, item(".rewrites", i), r);
  if (!is_here(".headers"))
    return;
  for (const auto& [name, value] : of.headers.set)
    check_field(header_action::set, name, value, path + ".headers.set", r);
  for (const auto& [name, value] : of.headers.set_if_new)
    check_field(header_action::set_if_new, name, value, path + ".headers.set_if_new", r);
  for (const auto& [name, value] : of.headers.add)
    check_field(header_action::add, name, value, path + ".headers.add", r);
  for (const auto& name : of.headers.erase)
    check_field(header_action::erase, name, "", path + ".headers.erase", r);
}

void check_redirect(const location_settings& of, const std::string& path, reading& r) {
  if (of.redirect.empty())
    return;
  const auto pattern = path_pattern::parse("*all");
  const auto filled = pattern ? path_template::parse_location(of.redirect, *pattern)
                              : runtime::result<path_template>(pattern.error());
  if (!filled)
    r.fail_at(path + ".redirect", toml_text(of.redirect) + ": " + filled.error().text,
              "write a path or a URL like \"https://example.org{path}\"");
}

} // namespace perron::httpd::program
