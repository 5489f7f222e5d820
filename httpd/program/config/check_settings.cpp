// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/check.hpp>
#include <perron/httpd/program/config/document.hpp>
#include <perron/httpd/program/config/spelling.hpp>
#include <perron/httpd/program/config/users.hpp>
#include <perron/httpd/rules/error_page_files.hpp>

#include <algorithm>

namespace perron::httpd::program {

namespace {

void check_auth(const auth_settings& auth, const std::string& path, reading& r) {
  if (!auth.file.empty() && !auth.users.empty())
    r.fail_at(path + ".users", "contradicts file", "keep one of them");
  if (auth.file.empty() && auth.users.empty())
    r.fail_at(path, "has no users, so nobody could come in",
              "write file = \"FILE\", as htpasswd makes it, or users");
  if (r.looks_at_system() && auth.file.empty() != auth.users.empty()) {
    const bool is_file = auth.users.empty();
    if (const auto read = users_of(auth); !read)
      r.fail_at(path + (is_file ? ".file" : ".users"), read.error().text,
                is_file ? "write lines as `htpasswd -nB USER` makes them"
                        : "write hashes as `htpasswd -nB USER` makes them");
  }
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

/// What is right or wrong wherever it stands. What was inherited has been looked at where it was written.
void check_by_itself(const site_settings& of, const std::string& path, reading& r) {
  const auto is_here = [&](const char* key) { return r.place_of(path + key).line != 0; };
  if (of.auth && is_here(".auth"))
    check_auth(*of.auth, path + ".auth", r);
  if (of.cors && is_here(".cors"))
    check_cors(*of.cors, path + ".cors", r);
  if (of.compression.on && of.compression.codings.empty() && is_here(".compression"))
    r.fail_at(path + ".compression.codings", "is empty, so nothing is compressed",
              "write compression = false");
  for (std::size_t i = 0; i < of.redirects.size() && is_here(".redirects"); ++i)
    if (of.redirects[i].from == of.redirects[i].to)
      r.fail_at(path + ".redirects[" + std::to_string(i + 1) + "].to", "leads to where it comes from",
                "name another place");
  if (r.looks_at_system() && is_here(".error_pages"))
    for (const auto& [statuses, file] : of.error_pages)
      if (const auto read = check(error_page_file{statuses, file}); !read)
        r.fail_at(path + ".error_pages", read.error().text,
                  "write a page with {{status}}, {{reason}}, {{why}}, {{path}}, {{host}} or {{method}}");
  check_rules(of, path, r);
}

} // namespace

void check_settings(const site_settings& of, const std::string& path, reading& r) {
  const auto is_here = [&](const char* key) { return r.place_of(path + key).line != 0; };
  if (of.rate_limit && is_here(".rate_limit") && of.rate_limit->by == "user" && !of.auth)
    r.fail_at(path + ".rate_limit.by", "there are no users without auth",
              "write auth as well, or by = \"address\"");
  if (of.listing != "off" && of.roots.empty() && is_here(".listing"))
    r.fail_at(path + ".listing", "does nothing without root", "write root = \"FOLDER\" as well");
  check_by_itself(of, path, r);
}

void check_defaults(const site_settings& of, reading& r) { check_by_itself(of, "defaults", r); }

} // namespace perron::httpd::program
