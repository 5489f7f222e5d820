// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/document.hpp>
#include <perron/httpd/program/config/load.hpp>
#include <perron/httpd/program/config/units.hpp>
#include <perron/httpd/program/serve.hpp>

#include <cstdlib>
#include <memory>

namespace perron::httpd::program {

namespace {

/// Without links, so that it does not matter which folder the program changes to.
std::string absolute(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), std::free);
  return real ? std::string(real.get()) : path;
}

} // namespace

std::pair<configuration, std::vector<diagnostic>> serve_configuration(const serve_options& options) {
  // By way of TOML, so that one place says what is right.
  const auto line = [](const char* key, const std::string& value) {
    return std::string(key) + " = " + value + '\n';
  };
  const bool is_ipv6 = options.address.find(':') != std::string::npos && !options.address.starts_with('[');
  const auto host = is_ipv6 ? '[' + options.address + ']' : options.address;
  std::string toml = "[server]\n" + line("control", "\"\"") + line("drain_time", "\"1s\"") +
                     line("processes", std::to_string(options.processes));
  toml += "[[listener]]\n" + line("listen", toml_text(host + ':' + std::to_string(options.port)));
  if (!options.certificate.empty())
    toml += line("tls", "true");
  toml += "[[site]]\n" + line("root", toml_text(absolute(options.folder)));
  toml += line("listing", options.listing ? "true" : "false");
  toml += line("hidden", options.hidden ? "true" : "false");
  toml += line("cache_control", "\"no-cache\"");
  if (!options.fallback.empty())
    toml += line("try_files", toml_text(options.fallback));
  if (!options.quiet)
    toml += line("access_log", "\"stdout\"") + line("access_format", "\"common\"");
  if (!options.certificate.empty())
    toml += line("certificate", toml_text(options.certificate));
  if (!options.key.empty())
    toml += line("key", toml_text(options.key));
  toml += "[site.file_cache]\n" + line("fresh", "0");
  auto read = load_text(toml, "");
  // Places in a text that nobody has written help nobody.
  for (auto& error : read.errors)
    error.place = {};
  return {std::move(read.value), std::move(read.errors)};
}

std::string url_of(const endpoint& at, bool tls) {
  if (at.host.starts_with("unix:"))
    return at.host;
  auto shown = at;
  if (at.host == "::" || at.host == "0.0.0.0")
    shown.host = "localhost";
  const std::uint16_t usual = tls ? 443 : 80;
  auto text = endpoint_text(shown);
  if (at.port == usual)
    text.resize(text.rfind(':'));
  return (tls ? "https://" : "http://") + text + '/';
}

} // namespace perron::httpd::program
