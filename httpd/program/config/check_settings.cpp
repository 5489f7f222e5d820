// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/check.hpp>
#include <perron/httpd/program/config/document.hpp>
#include <perron/httpd/program/config/spelling.hpp>

#include <algorithm>

namespace perron::httpd::program {

namespace {

void check_auth(const auth_settings& auth, const std::string& path, reading& r) {
  if (!auth.file.empty() && !auth.users.empty())
    r.fail_at(path + ".users", "contradicts file", "keep one of them");
  if (auth.file.empty() && auth.users.empty())
    r.fail_at(path, "has no users, so nobody could come in",
              "write file = \"FILE\", as htpasswd makes it, or users");
  if (auth.users.empty())
    return;
  std::vector<std::string_view> known;
  for (const auto& user : auth.users)
    known.push_back(user.first);
  for (const auto& name : auth.only)
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const auto meant = closest(name, known);
      r.fail_at(path + ".only", toml_text(name) + " is none of users",
                meant.empty() ? "add it there" : "did you mean " + toml_text(meant) + '?');
    }
}

void check_cors(const cors_settings& cors, const std::string& path, reading& r) {
  if (cors.origins.empty())
    r.fail_at(path, "has no origins, so it allows nothing", "write origins = [\"https://app.example.org\"]");
  if (cors.credentials && std::find(cors.origins.begin(), cors.origins.end(), "*") != cors.origins.end())
    r.fail_at(path + ".credentials", "would let any page act as the user, with the origin \"*\"",
              "name the origins, or take credentials out");
}

} // namespace

void check_settings(const site_settings& of, const std::string& path, reading& r) {
  // What was inherited has been looked at where it was written.
  const auto is_here = [&](const char* key) { return r.place_of(path + key).line != 0; };
  if (of.auth && is_here(".auth"))
    check_auth(*of.auth, path + ".auth", r);
  if (of.cors && is_here(".cors"))
    check_cors(*of.cors, path + ".cors", r);
  if (of.rate_limit && is_here(".rate_limit") && of.rate_limit->by == "user" && !of.auth)
    r.fail_at(path + ".rate_limit.by", "there are no users without auth",
              "write auth as well, or by = \"address\"");
  if (of.compression.on && of.compression.codings.empty() && is_here(".compression"))
    r.fail_at(path + ".compression.codings", "is empty, so nothing is compressed",
              "write compression = false");
  if (of.listing != "off" && of.roots.empty() && is_here(".listing"))
    r.fail_at(path + ".listing", "does nothing without root", "write root = \"FOLDER\" as well");
  for (std::size_t i = 0; i < of.redirects.size() && is_here(".redirects"); ++i)
    if (of.redirects[i].from == of.redirects[i].to)
      r.fail_at(path + ".redirects[" + std::to_string(i + 1) + "].to", "leads to where it comes from",
                "name another place");
  check_rules(of, path, r);
}

} // namespace perron::httpd::program
