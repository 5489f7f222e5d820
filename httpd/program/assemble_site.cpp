// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/assemble_site.hpp>

#include <perron/httpd/error_page.hpp>
#include <perron/httpd/program/module_slot.hpp>
#include <perron/httpd/rules/error_page_files.hpp>
#include <perron/httpd/rules/redirects.hpp>
#include <perron/httpd/rules/rewrite.hpp>
#include <perron/httpd/static_files.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace perron::httpd::program {
namespace {

/// "/" stands for all; else without a slash at the end.
std::string prefix_of(const std::string& path) {
  return path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

bool is_below(std::string_view path, std::string_view prefix) noexcept {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

// -- files

static_options files_options(const site_settings& s, std::vector<std::string> roots) {
  static_options out;
  out.root = std::move(roots);
  out.index = s.index;
  out.try_files = s.try_files;
  out.listing = s.listing == "html"   ? file_listing::html
                : s.listing == "json" ? file_listing::json
                                      : file_listing::off;
  out.listing_limit = s.listing_limit;
  out.hidden = s.hidden;
  out.follow_links = s.follow_links;
  out.precompressed = s.precompressed;
  std::vector<cache_rule> caching;
  for (const text_pair& rule : s.cache_control)
    caching.push_back({rule.first, rule.second});
  out.cache_control = std::move(caching);
  out.expires = s.expires;
  out.charset = s.charset;
  out.mime_types = s.mime_types;
  for (const text_pair& type : s.types)
    out.types.push_back({type.first, type.second});
  out.default_type = s.default_type;
  out.cache = {.entries = s.file_cache.entries,
               .fresh = s.file_cache.fresh,
               .bytes = s.file_cache.size,
               .max_file = s.file_cache.max_file};
  return out;
}

std::vector<rewrite_rule> rewrites_of(const site_settings& s) {
  std::vector<rewrite_rule> out;
  for (const rewrite_settings& r : s.rewrites)
    out.push_back({r.from, r.to, r.keep_query, r.again});
  return out;
}

/// With files named by the whole path, or by what of it comes behind `prefix`.
handler files_below(const site_settings& s, std::vector<std::string> roots, const std::string& prefix,
                    std::vector<rewrite_rule> rewrites) {
  router inside;
  inside.any(prefix + "/*path", static_files(files_options(s, std::move(roots))));
  return rewrite(std::move(rewrites), inside);
}

// -- what answers at a location

struct answering {
  handler run{};
  std::string what{};
  std::shared_ptr<module_slot> module{}; ///< to be loaded first
};

std::string listed(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts)
    out += (out.empty() ? "" : ", ") + text;
  return out;
}

answering nothing_here() {
  return {[](request&) -> response { throw http_error(status::not_found, ""); }, "404"};
}

answering status_answer(int code, const std::string& body) {
  answering out;
  out.what = "status " + std::to_string(code);
  out.run = [code, body](request&) -> response {
    if (body.empty() && code >= 400)
      throw http_error(code, "");
    return body.empty() ? empty(code) : text(body, code);
  };
  return out;
}

answering elsewhere(const std::string& to, int code) {
  const middleware rule = redirects({{.from = "*all", .to = to, .status = code, .keep_query = true}});
  return {with_rules({rule}, nothing_here().run), std::to_string(code) + " to " + to};
}

/// Its routes hold below the location.
answering module_answer(const location_settings& l, std::vector<rewrite_rule> rewrites) {
  std::string options;
  for (const text_pair& option : l.module_options)
    options += option.first + '=' + option.second + '\n';
  const std::string where = l.place.to_string();
  answering out;
  out.module = std::make_shared<module_slot>(where.empty() ? where : where + ": ", l.module,
                                             std::move(options), prefix_of(l.path));
  router inside;
  inside.any("/*path", module_slot::answer(out.module));
  out.run = rewrite(std::move(rewrites), std::move(inside));
  out.what = "module " + l.module;
  return out;
}

answering files_of_site(const site_settings& s) {
  if (s.roots.empty())
    return nothing_here();
  return {static_files(files_options(s, s.roots)), "files of " + listed(s.roots)};
}

answering at_location(const location_settings& l, const site_settings& of_site) {
  std::vector<rewrite_rule> own;
  if (l.settings.rewrites != of_site.rewrites)
    own = rewrites_of(l.settings);
  if (l.return_status != 0)
    return status_answer(l.return_status, l.return_body);
  if (!l.redirect.empty())
    return elsewhere(l.redirect, l.redirect_status);
  if (!l.module.empty())
    return module_answer(l, std::move(own));
  if (!l.alias.empty())
    return {files_below(l.settings, {l.alias}, prefix_of(l.path), std::move(own)), "files of " + l.alias};
  if (l.settings.roots.empty())
    return nothing_here();
  return {files_below(l.settings, l.settings.roots, "", std::move(own)),
          "files of " + listed(l.settings.roots)};
}

// -- error pages

/// Those of the longest path.
class pages_of_site {
public:
  void add(const std::string& prefix, const site_settings& s) {
    std::vector<error_page_file> files;
    for (const text_pair& page : s.error_pages)
      files.push_back({page.first, page.second});
    all_[prefix] = files.empty() ? error_pages() : error_pages_from(files);
    has_some_ = has_some_ || !files.empty();
  }
  bool empty() const noexcept { return !has_some_; }
  response operator()(const request& r, int code, std::string_view why) const {
    const error_pages* best = nullptr;
    std::size_t longest = 0;
    for (const auto& [prefix, pages] : all_)
      if (is_below(r.path(), prefix) && (best == nullptr || prefix.size() >= longest)) {
        best = &pages;
        longest = prefix.size();
      }
    return best != nullptr && *best ? (*best)(r, code, why) : error_page(r.headers(), code, why);
  }

private:
  std::map<std::string, error_pages> all_;
  bool has_some_ = false;
};

// -- limits

template <class T>
void say_if_other(std::optional<T>& limit, T said, T usual) {
  if (said != usual)
    limit = said;
}

/// Only what differs from a server's defaults.
route_limits limits_of(const site_settings& s) {
  const server_options usual;
  route_limits out;
  say_if_other(out.max_body, s.max_body, usual.max_body);
  say_if_other(out.body_time, s.body_time, usual.body_time);
  say_if_other(out.min_body_rate, s.min_body_rate, usual.min_body_rate);
  say_if_other(out.write_time, s.write_time, usual.write_time);
  say_if_other(out.min_write_rate, s.min_write_rate, usual.min_write_rate);
  say_if_other(out.request_time, s.request_time, usual.request_time);
  return out;
}

/// What `make` gives; what it throws gets its place in front.
template <class F>
auto at_place(const source_place& place, F&& make) {
  try {
    return make();
  } catch (const std::exception& e) {
    std::string_view what = e.what();
    if (what.starts_with("perron: "))
      what.remove_prefix(8);
    const std::string where = place.to_string();
    throw std::invalid_argument(where.empty() ? std::string(what) : where + ": " + std::string(what));
  }
}

} // namespace

assembled_site assemble_site(const site_definition& site, site_rules& rules) {
  assembled_site out;
  router routes;
  pages_of_site pages;
  const auto add = [&](const std::string& prefix, const answering& a, const site_settings& s) {
    const handler wrapped = with_rules(rules.around(s), a.run);
    routes.any(prefix + "/*path", wrapped, limits_of(s));
    if (!prefix.empty())
      routes.any(prefix, wrapped, limits_of(s));
    pages.add(prefix, s);
    out.lines.push_back({{}, {}, "*", prefix + "/*", a.what});
    if (a.module != nullptr)
      out.modules.push_back(a.module);
  };
  bool has_root = false;
  for (const location_settings& l : site.locations)
    at_place(l.place, [&] {
      add(prefix_of(l.path), at_location(l, site.settings), l.settings);
      has_root = has_root || prefix_of(l.path).empty();
      return 0;
    });
  if (!has_root)
    at_place(site.place, [&] {
      add("", files_of_site(site.settings), site.settings);
      return 0;
    });
  const auto shared_pages = std::make_shared<const pages_of_site>(std::move(pages));
  const auto show = [&](router& r) {
    if (!shared_pages->empty())
      r.errors([shared_pages](const request& asked, int code, std::string_view why) {
        return (*shared_pages)(asked, code, why);
      });
  };
  show(routes);
  if (site.settings.rewrites.empty()) {
    out.routes = std::move(routes);
  } else {
    at_place(site.place, [&] {
      out.routes.any("/*path", rewrite(rewrites_of(site.settings), std::move(routes)));
      return 0;
    });
    show(out.routes);
  }
  return out;
}

} // namespace perron::httpd::program
