// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/format.hpp>
#include <perron/httpd/program/config/keys.hpp>
#include <perron/httpd/program/config/manual.hpp>
#include <perron/httpd/program/roff.hpp>

#include <string_view>

namespace perron::httpd::program {

namespace {

constexpr std::string_view whole_example = R"([server]
user = "perron"

[defaults]
access_log = "/var/log/perron/access.log"

[[site]]
names = ["example.org", "www.example.org"]
certificate = "/etc/perron/example.org.pem"
https_only = true
root = "/srv/example.org"

[[site.location]]
path = "/staff/"
auth = { file = "/etc/perron/staff" }

[[site]]
names = ["example.com"]
redirects = [ { from = "/*rest", to = "https://example.org/{rest}", status = 308 } ]
)";

std::string about(const section& keys, const key& one) {
  std::string text = " = " + one.value.type;
  std::string facts = one.value.range;
  if (one.value.show && !one.required) {
    const auto initial = one.value.show(keys.fresh);
    if (!initial.empty() && initial != "\"\"" && initial != "[]" && initial != "{}")
      facts.append(facts.empty() ? "" : "; ").append("default ").append(initial);
  }
  if (one.required)
    facts.append(facts.empty() ? "" : "; ").append("must be there");
  return facts.empty() ? text : text + " (" + facts + ')';
}

/// A table and those in it; `common` are keys that have a part of their own.
void describe(roff& page, const section& keys, const section* common) {
  page.heading(keys.name);
  page.paragraph(keys.text);
  for (const auto& one : keys.keys) {
    if (common != nullptr && common->find(one.name) != nullptr)
      continue;
    page.item(one.name, about(keys, one), one.text);
    if (!one.example.empty())
      page.more(std::string(one.name) + " = " + std::string(one.example));
  }
}

} // namespace

std::string configuration_manual() {
  roff page("perron.toml", 5, "configuration of the web server perron(1)");
  page.heading("DESCRIPTION");
  page.paragraph(
      "A file in TOML (https://toml.io). Without a name perron takes /etc/perron/perron.toml. It says what "
      "the process does, where it listens ([[listener]]) and which sites it has ([[site]]); everything but a "
      "site with something to answer has a default. A mistake is never passed over: perron check tells all "
      "of them, each with its line and what would be right, and a running server keeps the configuration it "
      "has.");
  page.code(whole_example);
  page.heading("VALUES");
  page.item("duration", "",
            "A text of whole numbers with ms, s, m, h, d or w: \"30s\", \"1h30m\". Zero may be 0.");
  page.item("size", "",
            "A whole number of bytes, or a text with k, M, G or T, which are powers of 1024: 65536, \"64k\", "
            "\"1GiB\".");
  page.item("permissions", "", "A text of octal digits: \"0640\".");
  page.item("address and port", "",
            "\"192.0.2.1:80\", \"[2001:db8::1]:80\", \"localhost:8080\", \":80\" or 80 for all addresses of "
            "the machine, "
            "\"unix:/run/perron/web.sock\".");
  page.item("file, folder", "",
            "A path. One that is not absolute begins in the folder of the file it is written in.");
  page.item("table", "",
            "Written as [name] with keys below, or in one line: { key = value }. A list of tables is written "
            "[[name]] for "
            "each, or [ { key = value }, ... ].");
  page.heading("THE TOP OF THE FILE");
  for (const auto& one : top_keys().keys) {
    page.item(one.name, about(top_keys(), one), one.text);
    if (!one.example.empty())
      page.more(std::string(one.name) + " = " + std::string(one.example));
  }
  for (const auto* const part :
       {&server_keys(), &log_keys(), &admin_keys(), &limit_keys(), &listener_keys(), &tls_keys()})
    describe(page, *part, nullptr);
  describe(page, site_keys(), &settings_keys());
  describe(page, certificate_keys(), nullptr);
  describe(page, location_keys(), &settings_keys());
  for (const auto* const part :
       {&settings_keys(), &file_cache_keys(), &compression_keys(), &rate_limit_keys(), &redirect_keys(),
        &rewrite_keys(), &auth_keys(), &cors_keys(), &header_keys()})
    describe(page, *part, nullptr);
  page.heading("ACCESS LOGS");
  page.paragraph(
      "common, combined and json are formats. An own one in formats of [log] is a text with $name or "
      "${name} for these, and $$ for a dollar. What a client sent is escaped; what is not there is a "
      "\"-\".");
  for (const auto& one : access_variables())
    page.item('$' + std::string(one.name), "", one.what);
  page.item("$http_NAME", "", "the field NAME of the request, with \"_\" for \"-\"");
  page.heading("ORDER");
  page.paragraph(
      "A request is first given another path by the rewrites of its site; the path says the location, whose "
      "keys count from then on: trusted_proxies, acme_challenge, https_only, deny and allow, cors, "
      "rate_limit, "
      "auth, redirects, then what answers. Its answer, errors included, gets headers and compression on its "
      "way.");
  page.heading("SEE ALSO").paragraph("perron(1), htpasswd(1), openssl-ciphers(1)");
  return page.text();
}

} // namespace perron::httpd::program
