// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/certificate_values.hpp>
#include <perron/httpd/program/config/values.hpp>

#include <iterator>

namespace perron::httpd::program {

using namespace values;
using namespace std::chrono_literals;

namespace {

using site = site_definition;
using location = location_settings;
using files = certificate_settings;

/// The keys of a struct that has site_settings, behind its own.
template <class Object>
section with_settings(section own) {
  auto more =
      lifted(settings_keys(), [](void* object) -> void* { return &static_cast<Object*>(object)->settings; });
  own.keys.insert(own.keys.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return own;
}

section own_site_keys() {
  return {
      "[[site]]",
      "Hosts, and what they answer. All keys of [defaults] can stand here as well; what is not said here is "
      "as "
      "said there.",
      {
          {"names", texts(access(&site::names), words::host), "[\"example.org\", \"www.example.org\"]",
           "The hosts that this site is. \"*.example.org\" is every name below example.org that no site has "
           "in full. "
           "A site without names answers whatever no other site has.",
           "name server_name servername server_names hosts host domain domains serveralias"},
          {"default", flag(access(&site::is_default)), "true",
           "This site answers hosts that no site has; else the first one of the listener does.",
           "default_server"},
          {"listeners", texts(access(&site::listeners), words::label), "[\"http\", \"https\"]",
           "The names of the listeners that it is reached by. Without it, all of them.",
           "listener listen port"},
          {"certificate", certificate_part<site>(&files::certificate), "\"/etc/perron/example.pem\"",
           "Its certificate for TLS: PEM, with the certificates that lead to its root behind it. It has to "
           "name the "
           "hosts of the site.",
           "ssl_certificate certfile cert"},
          {"key", certificate_part<site>(&files::key), "\"/etc/perron/example.key\"",
           "Its key: PEM, without a password. Without it, the key is taken from the certificate's file.",
           "ssl_certificate_key keyfile"},
          {"ocsp", certificate_part<site>(&files::ocsp), "\"/etc/perron/example.ocsp\"",
           "A file with its issuer's OCSP response, DER, to send along."},
          {"certificates", certificate_list<site>(), "",
           "Several certificates, each with certificate, key and ocsp, in place of these three keys."},
          {"https_only", flag(access(&site::https_only)), "true",
           "Clients that come without TLS are sent to the same place with it (308), but those that ask for "
           "/.well-known/acme-challenge/.",
           "redirect_https force_https"},
          {"hsts", seconds(access(&site::hsts), 0ms, 24h * 3650), "\"180d\"",
           "How long browsers that came by TLS are to use nothing else (Strict-Transport-Security). It "
           "cannot be "
           "taken back before that time is over: begin with minutes. 0: they are not told."},
          {"hsts_subdomains", flag(access(&site::hsts_subdomains)), "false",
           "The same for all names below those of this site."},
          {"hsts_preload", flag(access(&site::hsts_preload)), "false",
           "The site may be put on the lists that browsers are made with; needs a year and hsts_subdomains."},
          {"acme_challenge", path(access(&site::acme_challenge), path_kind::folder), "\"/var/lib/acme\"",
           "The folder into which an ACME client writes, for /.well-known/acme-challenge/; answered without "
           "redirects and passwords.",
           "acme webroot"},
          {.name = "location",
           .value = tables(&site::locations, location_keys(),
                           std::function<location(const site&)>(
                               [](const site& of) { return location{.settings = of.settings}; })),
           .example = "",
           .text = "Paths of this site that are answered in another way.",
           .others = "locations route appmods path",
           .last = true},
      },
      fresh<site>()};
}

section own_location_keys() {
  return {
      "[[site.location]]",
      "A path and all that is below it. Of several the longest one counts. All keys of [defaults] can stand "
      "here as "
      "well; what is not said here is as for the site. At most one of alias, module, return and redirect "
      "says what "
      "is answered; without any it is files of the root.",
      {
          {.name = "path",
           .value = text(access(&location::path), words::url_path),
           .example = "\"/downloads/\"",
           .text = "The path, without query: \"/downloads\" and \"/downloads/\" are the same, and "
                   "\"/downloadsx\" is not "
                   "below it.",
           .others = "prefix match uri",
           .required = true},
          {"alias", path(access(&location::alias), path_kind::folder), "\"/srv/files\"",
           "Answers with files of this folder, looked up by what follows the path. A root is looked up by "
           "the whole "
           "path."},
          {"module", path(access(&location::module), path_kind::file), "\"/usr/lib/perron/hello.so\"",
           "Answers with the handlers of this shared library, in C++ (httpd/module.hpp).", "appmod handler"},
          {"module_options", map(access(&location::module_options), words::name, words::body),
           "{ greeting = \"Hello\" }",
           "What the module is told when it is loaded, a line name=value for each.", "options opaque"},
          {"return", status(number(&location::return_status), {}), "404", "Answers with this status.",
           "status code respond"},
          {"body", text(access(&location::return_body), words::body), "\"Gone fishing.\\n\"",
           "The text of that answer. Without it, an error has its page and all else nothing."},
          {"redirect", text(access(&location::redirect), words::location), "\"https://example.org{path}\"",
           "Sends clients there. {path} stands for the path that was asked for, {query}, {host} and {scheme} "
           "for "
           "what else was. Without {query}, the query is added.",
           "redir"},
          {"redirect_status", status(number(&location::redirect_status), {301, 302, 303, 307, 308}), "308",
           "301 and 308 are kept by browsers for ever; 307 and 308 keep the method."},
      },
      fresh<location>()};
}

} // namespace

const section& site_keys() {
  static const section keys = with_settings<site>(own_site_keys());
  return keys;
}

const section& location_keys() {
  static const section keys = with_settings<location>(own_location_keys());
  return keys;
}

} // namespace perron::httpd::program
