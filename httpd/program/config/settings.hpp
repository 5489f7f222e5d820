// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What [defaults], a [[site]] and a [[site.location]] may all say; see configuration.hpp for conventions.
// Names, meanings and defaults are those of the options in httpd/files/, httpd/coding/ and httpd/rules/,
// which a program is made of.
namespace perron::httpd::program {

/// Where something was written; for messages about what shows only later (a port that is taken, a module that
/// does not load). All places are equal, so that values compare by what they say.
struct source_place {
  std::string file{};
  std::uint32_t line = 0, column = 0; ///< from 1; 0: nowhere

  std::string to_string() const; ///< "perron.toml:12:1"; the file alone, or empty, if nowhere
  friend bool operator==(const source_place&, const source_place&) { return true; }
};

struct text_pair {
  std::string first{}, second{};

  friend bool operator==(const text_pair&, const text_pair&) = default;
};

/// [compression]: compress_options.
struct compression_settings {
  bool on = true;
  std::vector<std::string> codings{"zstd", "br", "gzip"}; ///< in the order in which they are taken
  std::vector<std::string> types{}; ///< media types, "text/*"; empty: those of compress_options
  std::size_t minimum = 1024;       ///< bytes; smaller answers stay as they are
  int gzip_level = 5, brotli_quality = 4, zstd_level = 3;

  friend bool operator==(const compression_settings&, const compression_settings&) = default;
};

/// [file_cache]: file_cache_options.
struct file_cache_settings {
  std::size_t entries = 512;                ///< files kept open; 0: none
  std::chrono::milliseconds fresh{1'000};   ///< a file is taken to be unchanged for so long
  std::size_t size = std::size_t(16) << 20; ///< bytes of content in memory; 0: none
  std::size_t max_file = std::size_t(64) << 10;

  friend bool operator==(const file_cache_settings&, const file_cache_settings&) = default;
};

/// One of `redirects`: redirect_rule.
struct redirect_settings {
  std::string from{}, to{}; ///< path_pattern, path_template
  int status = 302;
  bool keep_query = true;

  friend bool operator==(const redirect_settings&, const redirect_settings&) = default;
};

/// One of `rewrites`: rewrite_rule.
struct rewrite_settings {
  std::string from{}, to{};
  bool keep_query = true;
  bool again = false;

  friend bool operator==(const rewrite_settings&, const rewrite_settings&) = default;
};

/// [headers] of answers: header_rules, first `erase`, then `set`, `set_if_new` and `add`.
struct header_settings {
  std::vector<text_pair> set{}, set_if_new{}, add{}; ///< name, value
  std::vector<std::string> erase{};                  ///< names
  bool on_errors = true;                             ///< also on answers of 400 and above

  friend bool operator==(const header_settings&, const header_settings&) = default;
};

/// [auth]: basic_auth_options. Either a file or users.
struct auth_settings {
  std::string realm = "Restricted";
  std::string file{};             ///< as htpasswd writes it
  std::vector<text_pair> users{}; ///< name, hash
  std::vector<std::string> only{};

  friend bool operator==(const auth_settings&, const auth_settings&) = default;
};

/// [cors]: cors_options.
struct cors_settings {
  std::vector<std::string> origins{};
  std::vector<std::string> methods{"GET", "HEAD", "POST"};
  std::vector<std::string> headers{};
  std::vector<std::string> exposed{};
  bool credentials = false;
  std::chrono::milliseconds max_age{600'000}; ///< whole seconds

  friend bool operator==(const cors_settings&, const cors_settings&) = default;
};

/// [rate_limit]: rate_limit_options. One limit for each place that says it: a site's is one for all of the
/// site.
struct rate_limit_settings {
  std::uint32_t requests = 10;
  std::chrono::milliseconds per{1'000}; ///< whole seconds
  std::uint32_t burst = 0;
  std::string by = "address"; ///< address, user, all
  std::size_t max_keys = 16'384;
  bool tell = true;

  friend bool operator==(const rate_limit_settings&, const rate_limit_settings&) = default;
};

struct site_settings {
  // Files: static_options
  std::vector<std::string> roots{}; ///< folders; empty: no files
  std::vector<std::string> index{"index.html"};
  std::vector<std::string> try_files{};
  std::string listing = "off"; ///< off, html, json
  std::size_t listing_limit = 10'000;
  bool hidden = false;
  bool follow_links = true;
  bool precompressed = false;
  std::vector<text_pair>
      cache_control{}; ///< media type, value; in the order of cache_rules: the closest first
  bool expires = false;
  std::string charset = "utf-8";
  std::string mime_types{};       ///< a file
  std::vector<text_pair> types{}; ///< extension without its dot, media type
  std::string default_type = "application/octet-stream";
  file_cache_settings file_cache{};
  compression_settings compression{};

  // Rules
  std::vector<std::string> trusted_proxies{};      ///< forwarded_for_options.trusted; empty: no forwarded_for
  std::string forwarded_field = "X-Forwarded-For"; ///< or "Forwarded"
  /// Addresses, networks, "unix" and "all". Who is in `deny` is denied; if `allow` is not empty, who is not
  /// in it as well.
  std::vector<std::string> deny{}, allow{};
  std::optional<rate_limit_settings> rate_limit{};
  std::vector<redirect_settings> redirects{};
  std::vector<rewrite_settings> rewrites{};
  std::optional<auth_settings> auth{};
  std::optional<cors_settings> cors{};
  header_settings headers{};
  std::vector<text_pair> error_pages{}; ///< "404", "5xx" or "all", then a template (error_page_files.hpp)

  // Requests: route_limits
  std::size_t max_body = std::size_t(1) << 20;
  std::chrono::milliseconds body_time{30'000};
  std::uint64_t min_body_rate = 240;
  std::chrono::milliseconds write_time{30'000};
  std::uint64_t min_write_rate = 240;
  std::chrono::milliseconds request_time{0};

  // Log
  std::string access_log = "off";         ///< "off", "stdout", "stderr" or a file
  std::string access_format = "combined"; ///< common, combined, json, or one of [log] formats

  friend bool operator==(const site_settings&, const site_settings&) = default;
};

} // namespace perron::httpd::program
