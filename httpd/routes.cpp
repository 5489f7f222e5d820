// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/routes.hpp>

#include <perron/httpd/error_page.hpp>

#include <algorithm>
#include <stdexcept>

namespace perron::httpd {

namespace {

bool is_unset(const route_limits& l) noexcept {
  return !l.max_body && !l.body_time && !l.min_body_rate && !l.write_time && !l.min_write_rate &&
         !l.request_time && !l.answers_half_closed;
}

/// Cuts "/segment" off the front of `path`; without the slash.
std::string_view cut_segment(std::string_view& path) noexcept {
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const auto segment = path.substr(1, end - 1);
  path.remove_prefix(end);
  return segment;
}

/// Whether a path lies below a prefix of whole segments, whose parameters stand for any.
bool is_below(std::string_view path, std::string_view prefix) noexcept {
  while (!prefix.empty()) {
    if (path.empty())
      return false;
    const auto wanted = cut_segment(prefix);
    const auto given = cut_segment(path);
    if (wanted.starts_with(':') ? given.empty() : wanted != given)
      return false;
  }
  return true;
}

} // namespace

router& router::add(std::string_view method, std::string_view pattern, handler h,
                    const route_limits& limits) {
  add_route({wrapped(std::move(h)), is_unset(limits) ? nullptr : std::make_shared<const route_limits>(limits),
             std::string(method), std::string(pattern)});
  return *this;
}

void router::add_route(route added) {
  begun_ = true;
  if (!added.run)
    throw std::invalid_argument("perron: route " + added.method + ' ' + added.pattern + " has no handler");
  const std::string method = added.method;
  const std::string pattern = added.pattern;
  if (const auto done = table_.add(method, pattern, std::move(added)); !done)
    throw std::invalid_argument("perron: " + done.error().text);
}

handler router::wrapped(handler h) const {
  for (auto m = around_.rbegin(); h && m != around_.rend(); ++m)
    h = [around = *m, next = std::move(h)](request& r) { return (*around)(r, next); };
  return h;
}

router& router::use(middleware m) {
  if (begun_)
    throw std::invalid_argument("perron: middleware comes before the routes that it is for");
  around_.push_back(std::make_shared<const middleware>(std::move(m)));
  overrides_.front().options = wrapped([](request&) { return empty(); });
  return *this;
}

router& router::mount(std::string_view prefix, const router& sub) {
  if (!prefix.starts_with('/') || prefix.ends_with('/'))
    throw std::invalid_argument("perron: prefix " + std::string(prefix) +
                                " does not begin with '/', or ends with it");
  begun_ = true;
  for (std::size_t i = 0; i < sub.table_.size(); ++i) {
    const route& own = sub.table_[i];
    add_route({wrapped(own.run), own.limits, own.method, std::string(prefix) + own.pattern});
  }
  for (const overrides& own : sub.overrides_)
    if (own.not_found || own.method_not_allowed || own.options || own.errors)
      overrides_.push_back({std::string(prefix) + own.prefix, wrapped(own.not_found),
                            wrapped(own.method_not_allowed), wrapped(own.options), own.errors});
  return *this;
}

router& router::not_found(handler h) {
  begun_ = true;
  overrides_.front().not_found = wrapped(std::move(h));
  return *this;
}

router& router::method_not_allowed(handler h) {
  begun_ = true;
  overrides_.front().method_not_allowed = wrapped(std::move(h));
  return *this;
}

router& router::errors(error_pages pages) {
  overrides_.front().errors = std::move(pages);
  return *this;
}

template <class Function>
const Function* router::find_override(std::string_view path, Function overrides::*which) const noexcept {
  const overrides* best = nullptr;
  for (const overrides& o : overrides_)
    if (o.*which && is_below(path, o.prefix) && (best == nullptr || o.prefix.size() > best->prefix.size()))
      best = &o;
  return best != nullptr ? &(best->*which) : nullptr;
}

response router::answer_unrouted(request& r, const route_finding& found) const {
  if (found.outcome == route_outcome::not_found) {
    const handler* own = find_override(r.path(), &overrides::not_found);
    return own != nullptr ? (*own)(r) : answer_error(r, status::not_found, "");
  }
  response answer;
  if (r.method() == "OPTIONS") {
    const handler* own = find_override(r.path(), &overrides::options);
    answer = own != nullptr ? (*own)(r) : empty();
  } else if (const handler* own = find_override(r.path(), &overrides::method_not_allowed)) {
    answer = (*own)(r);
  } else {
    answer = answer_error(r, status::method_not_allowed, "");
  }
  if (!answer.sent)
    answer.headers.emplace_back("Allow", table_.allow_value(found.allowed));
  return answer;
}

response router::answer_error(const request& r, int status, std::string_view why) const {
  const error_pages* own = find_override(r.path(), &overrides::errors);
  return own != nullptr ? (*own)(r, status, why) : error_page(r.headers(), status, why);
}

} // namespace perron::httpd
