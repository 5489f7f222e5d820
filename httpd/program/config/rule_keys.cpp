// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/values.hpp>

namespace perron::httpd::program {

using namespace values;
using namespace std::chrono_literals;

namespace {
using redirect = redirect_settings;
using rewrite = rewrite_settings;
using headers = header_settings;
using auth = auth_settings;
using cors = cors_settings;
using rate = rate_limit_settings;
} // namespace

const section& redirect_keys() {
  static const section keys{
      "[[site.redirects]]",
      "A path that has moved.",
      {
          {.name = "from",
           .value = text(access(&redirect::from), words::body),
           .example = "\"/blog/*rest\"",
           .text = "The path as it was. \":name\" stands for a part without '/', and \"*name\" at the end "
                   "for all the "
                   "rest.",
           .required = true},
          {.name = "to",
           .value = text(access(&redirect::to), words::location),
           .example = "\"https://blog.example.org/{rest}\"",
           .text = "The path or URL where it is now, {name} for what \":name\" or \"*name\" stood for; "
                   "{path}, {query}, "
                   "{host} and {scheme} are those of the request.",
           .required = true},
          {"status", status(number(&redirect::status), {301, 302, 303, 307, 308}), "308",
           "301 and 308 are kept by browsers for ever; 307 and 308 keep the method.", "code"},
          {"keep_query", flag(access(&redirect::keep_query)), "true",
           "Adds the query of the request if to has none."},
      },
      fresh<redirect>()};
  return keys;
}

const section& rewrite_keys() {
  static const section keys{"[[site.rewrites]]",
                            "A path that stands for another one.",
                            {
                                {.name = "from",
                                 .value = text(access(&rewrite::from), words::body),
                                 .example = "\"/~:user/*rest\"",
                                 .text = "The path that was asked for, as in redirects.",
                                 .required = true},
                                {.name = "to",
                                 .value = text(access(&rewrite::to), words::body),
                                 .example = "\"/pages/{user}/{rest}\"",
                                 .text = "The path that is looked up in its place.",
                                 .required = true},
                                {"keep_query", flag(access(&rewrite::keep_query)), "true",
                                 "Adds the query of the request if to has none."},
                                {"again", flag(access(&rewrite::again)), "false",
                                 "Begins with the first rule again, at most ten times.", "last"},
                            },
                            fresh<rewrite>()};
  return keys;
}

const section& header_keys() {
  static const section keys{
      "[site.headers]",
      "Changes the fields of answers: first erase, then set, set_if_new and add.",
      {
          {"set", map(access(&headers::set), words::token, words::field_value),
           "{ X-Frame-Options = \"DENY\" }", "Fields that answers have, in place of any of the same name."},
          {"set_if_new", map(access(&headers::set_if_new), words::token, words::field_value),
           "{ Referrer-Policy = \"same-origin\" }", "Fields for answers that have none of that name.",
           "default"},
          {"add", map(access(&headers::add), words::token, words::field_value),
           "{ Link = \"</a.css>; rel=preload\" }", "Further fields, whatever there is."},
          {"erase", texts(access(&headers::erase), words::token), "[\"X-Powered-By\"]",
           "Fields that are taken out.", "remove unset hide"},
          {"on_errors", flag(access(&headers::on_errors)), "true",
           "Changes answers of 400 and above as well.", "always"},
      },
      fresh<headers>()};
  return keys;
}

const section& auth_keys() {
  static const section keys{
      "[site.auth]",
      "Asks for a name and a password (RFC 7617). Passwords go over the wire as they are: for TLS.",
      {
          {"realm", text(access(&auth::realm), words::field_value), "\"Staff\"", "What browsers show."},
          {"file", path(access(&auth::file), path_kind::file), "\"/etc/perron/users\"",
           "Names and hashes of passwords, as htpasswd(1) writes them: bcrypt, SHA-crypt, yescrypt or "
           "Apache's MD5. It "
           "is read again when it changes.",
           "users_file auth_basic_user_file authuserfile"},
          {"users", map(access(&auth::users), words::name, words::user_hash),
           "{ alice = \"$2y$05$nJ9Uq1xWfO0u9CLV5dvHfuCk4Bq4Yz1jkX9WmRk0tE1ZxU2QwqYcm\" }",
           "The same here, in place of a file.", "user"},
          {"only", texts(access(&auth::only), words::name), "[\"alice\"]",
           "Of these, those that may come in. An empty list: all.", "require"},
      },
      fresh<auth>()};
  return keys;
}

const section& cors_keys() {
  static const section keys{
      "[site.cors]",
      "Lets pages of other origins use the site (CORS).",
      {
          {"origins", texts(access(&cors::origins), words::origin), "[\"https://app.example.org\"]",
           "Whose pages: \"https://app.example.org\", \"https://*.example.org\" for all names below, \"*\" "
           "for any.",
           "allow_origin origin"},
          {"methods", texts(access(&cors::methods), words::token), "[\"GET\", \"PUT\"]",
           "The methods that they may use.", "allow_methods"},
          {"headers", texts(access(&cors::headers), words::token), "[\"Content-Type\"]",
           "The fields that they may send; \"*\": those that they ask for.", "allow_headers"},
          {"exposed", texts(access(&cors::exposed), words::token), "[\"X-Total\"]",
           "The fields of answers that they may read.", "expose expose_headers"},
          {"credentials", flag(access(&cors::credentials)), "false",
           "They may send cookies and passwords. Not with the origin \"*\".", "allow_credentials"},
          {"max_age", seconds(access(&cors::max_age), 0ms, 24h), "\"10m\"",
           "How long browsers may keep the permission."},
      },
      fresh<cors>()};
  return keys;
}

const section& rate_limit_keys() {
  static const section keys{
      "[site.rate_limit]",
      "How often may be asked. The place that says it has one limit: that of a site is for all of the site.",
      {
          {"requests", count(number(&rate::requests), 1, 10'000'000), "5", "So many requests,", "rate"},
          {"per", seconds(access(&rate::per), 1s, 24h), "\"1m\"", "in so long a time, on the average.",
           "window interval"},
          {"burst", count(number(&rate::burst), 0, 10'000'000), "10",
           "Requests at once after a pause. 0: as many as requests says."},
          {"by", choice(access(&rate::by), {"address", "user", "all"}), "\"address\"",
           "Whose requests count together: those of one address, of one user of auth, or all."},
          {"max_keys", count(number(&rate::max_keys), 16, 100'000'000), "16384",
           "About how many addresses or users are remembered, 16 bytes each."},
          {"tell", flag(access(&rate::tell)), "true", "Answers say how much is left, in RateLimit fields."},
      },
      fresh<rate>()};
  return keys;
}

} // namespace perron::httpd::program
