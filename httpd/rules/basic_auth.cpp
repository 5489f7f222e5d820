// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/basic_auth.hpp>

#include <perron/httpd/http1/characters.hpp>
#include <perron/httpd/response_fields.hpp>
#include <perron/httpd/rules/requirement.hpp>
#include <perron/httpd/typed.hpp>

#include <algorithm>
#include <utility>

namespace perron::httpd {
namespace {

/// As a quoted-string (RFC 9110 5.6.4).
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out += '"';
}

class guard {
public:
  explicit guard(basic_auth_options options)
      : options_(std::move(options)),
        challenge_("Basic realm=" + quoted(options_.realm) + ", charset=\"UTF-8\"") {}

  void let_in(request& r) const {
    const auto sent = typed<field::authorization>(r);
    const auto given = sent ? parse_basic(*sent) : std::nullopt;
    if (!given || !is_right(*given)) {
      r.before_send([this](response& answer) { set_field(answer, "WWW-Authenticate", challenge_); });
      throw http_error(status::unauthorized, "");
    }
    r.local<authenticated_user>().name = given->user;
    r.tell_user(given->user);
  }

private:
  bool is_right(const basic_credentials& given) const {
    const bool is_known = options_.verify ? options_.verify(given.user, given.password)
                                          : options_.users->verify(given.user, given.password);
    return is_known && (options_.only.empty() || std::find(options_.only.begin(), options_.only.end(),
                                                           given.user) != options_.only.end());
  }

  const basic_auth_options options_;
  const std::string challenge_;
};

} // namespace

runtime::result<void> check(const basic_auth_options& options) {
  if (std::any_of(options.realm.begin(), options.realm.end(), http1::detail::is_control))
    return runtime::error{"realm has a control character"};
  if (options.users == nullptr && !options.verify)
    return runtime::error{"there are neither users nor a function that knows them"};
  if (options.users != nullptr && options.verify)
    return runtime::error{"there are users and a function that knows them: one of both is enough"};
  return {};
}

middleware basic_auth(basic_auth_options options) {
  core::require(check(options));
  return [with = std::make_shared<const guard>(std::move(options))](request& r, const handler& next) {
    with->let_in(r);
    return next(r);
  };
}

} // namespace perron::httpd
