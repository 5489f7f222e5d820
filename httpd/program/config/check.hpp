// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>
#include <perron/httpd/program/config/reader.hpp>

#include <string>

namespace perron::httpd::program {

/// Fills in what follows from the rest: listeners where there are none, names of listeners, the listeners of
/// sites, keys that stand in the file of their certificate. `limits` are [limits].
/// Doing it twice changes nothing.
void complete(configuration& whole, const limit_settings& limits);

/// Looks for what cannot be seen at one key alone: names that nobody has or two have, keys that contradict
/// each other or do nothing, certificates that cannot be used. Of a complete() configuration; `limits` are
/// [limits], `defaults` [defaults].
void check(const configuration& whole, const limit_settings& limits, const site_settings& defaults,
           reading& r);

/// The part of check() for [defaults]: sites may add what they lack.
void check_defaults(const site_settings& of, reading& r);
/// The part of it for what a site or a location say; `path` is "site[1]".
void check_settings(const site_settings& of, const std::string& path, reading& r);

/// The part of it for patterns, templates and fields, as httpd/rules/ takes them.
void check_rules(const site_settings& of, const std::string& path, reading& r);
/// The same of where a location sends its clients.
void check_redirect(const location_settings& of, const std::string& path, reading& r);

/// The part of check() for certificates, in files that are there: whether there is one in it, with its key.
void check_certificates(const configuration& whole, reading& r);

} // namespace perron::httpd::program
