// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What [defaults], a [[site]] and a [[site.location]] may all say; see configuration.hpp for conventions.
namespace perron::httpd::program {

/// Where something was written; for messages about what shows only later (a port that is taken, a module that
/// does not load). All places are equal, so that values compare by what they say.
struct source_place {
  std::string file{};
  std::uint32_t line = 0, column = 0; ///< from 1; 0: nowhere

  std::string to_string() const; ///< "perron.toml:12:1"; empty if nowhere
  friend bool operator==(const source_place&, const source_place&) { return true; }
};

struct text_pair {
  std::string first{}, second{};

  friend bool operator==(const text_pair&, const text_pair&) = default;
};

/// [compression]
struct compression_settings {
  bool on = true;
  std::vector<std::string> encodings{"zstd", "br", "gzip"}; ///< in order of preference
  std::vector<std::string> types{}; ///< media types, "text/*"; empty: those of compress_options
  std::size_t minimum = 1024;       ///< shorter answers stay as they are
  int gzip_level = 6, brotli_level = 4, zstd_level = 3;

  friend bool operator==(const compression_settings&, const compression_settings&) = default;
};

/// [file_cache]: files kept in memory.
struct file_cache_settings {
  bool on = false;
  std::size_t size = std::size_t(64) << 20;      ///< bytes in all
  std::size_t max_file = std::size_t(256) << 10; ///< larger files are not kept
  std::size_t max_files = 10'000;                ///< kept, or kept open
  std::chrono::milliseconds fresh{1'000};        ///< how long a file is taken to be unchanged

  friend bool operator==(const file_cache_settings&, const file_cache_settings&) = default;
};

/// One of `redirects`.
struct redirect_rule {
  std::string from{}; ///< a path; with "/*" at its end all below it
  std::string to{};   ///< a path or URL; "*" stands for what the "*" of `from` did
  int status = 301;
  bool keep_query = true;

  friend bool operator==(const redirect_rule&, const redirect_rule&) = default;
};

/// One of `rewrites`: the path is replaced before anything else looks at it.
struct rewrite_rule {
  std::string from{}; ///< as above
  std::string to{};   ///< a path

  friend bool operator==(const rewrite_rule&, const rewrite_rule&) = default;
};

/// [headers]: fields of answers; first erased, then set, then added.
struct header_settings {
  std::vector<text_pair> set{};     ///< in place of what the answer has
  std::vector<text_pair> add{};     ///< beside what it has
  std::vector<std::string> erase{}; ///< names
  friend bool operator==(const header_settings&, const header_settings&) = default;
};

/// [auth]: Basic (RFC 7617).
struct auth_settings {
  bool on = true;
  std::string realm = "restricted";
  std::string users_file{};           ///< htpasswd: bcrypt, SHA-crypt
  std::vector<text_pair> users{};     ///< name, hashed password
  std::vector<std::string> require{}; ///< of these users only; empty: all of them

  friend bool operator==(const auth_settings&, const auth_settings&) = default;
};

/// [cors]
struct cors_settings {
  bool on = true;
  std::vector<std::string> origins{}; ///< "https://example.org", "https://*.example.org" or "*"
  std::vector<std::string> methods{"GET", "HEAD", "POST"};
  std::vector<std::string> headers{}; ///< of requests, that are allowed
  std::vector<std::string> expose{};  ///< of answers, that scripts may see
  bool credentials = false;
  std::chrono::milliseconds max_age{600'000};

  friend bool operator==(const cors_settings&, const cors_settings&) = default;
};

/// [rate_limit]: requests of one client address (IPv6: of one /64).
struct rate_limit_settings {
  bool on = true;
  std::uint32_t requests = 100;
  std::chrono::milliseconds per{60'000};
  std::uint32_t burst = 0;    ///< at once after a pause; 0: `requests`
  std::size_t table = 65'536; ///< addresses that are remembered

  friend bool operator==(const rate_limit_settings&, const rate_limit_settings&) = default;
};

struct site_settings {
  // Files
  std::vector<std::string> roots{};             ///< folders, tried in this order; empty: no files
  std::vector<std::string> index{"index.html"}; ///< what a folder's path gives, the first that is there
  bool listing = false;                         ///< of a folder without index
  bool hidden = false;                          ///< whether names that begin with a dot are served
  bool symlinks = true;                         ///< whether links are followed, never out of the root
  /// Tried in this order in place of the path, "{path}" standing for it; the last may be "=404" or any
  /// status. Empty: the path alone.
  std::vector<std::string> try_files{};
  std::string fallback{};   ///< the page of a single-page application, for what no file has: "/index.html"
  std::string mime_types{}; ///< a file like /etc/mime.types; empty: shared-mime-info, else built in
  std::vector<text_pair> types{}; ///< extension without dot, media type: before those of the file
  std::string default_type = "application/octet-stream";
  std::string charset = "utf-8"; ///< said of text types; empty: not said
  std::vector<text_pair>
      cache_control{}; ///< media type ("image/png", "image/*", "*"), value; the closest counts
  std::vector<std::string> precompressed{"br", "zstd",
                                         "gzip"}; ///< files beside a file that may go in its place
  file_cache_settings file_cache{};
  compression_settings compression{};

  // Rules, in the order in which they apply: allow/deny, rate limit, redirects, auth, cors, rewrites, headers
  std::vector<std::string> deny{};  ///< addresses and networks, "all"
  std::vector<std::string> allow{}; ///< if there are any, everybody else is denied; the longest prefix counts
  std::optional<rate_limit_settings> rate_limit{};
  std::vector<redirect_rule> redirects{};
  std::vector<rewrite_rule> rewrites{};
  std::optional<auth_settings> auth{};
  std::optional<cors_settings> cors{};
  header_settings headers{};
  std::vector<text_pair> error_pages{}; ///< "404", "5xx" or "all", then a file

  // Requests: as in route_limits.hpp
  std::size_t max_body = std::size_t(1) << 20;
  std::chrono::milliseconds body_time{30'000};
  std::uint64_t min_body_rate = 240;
  std::chrono::milliseconds write_time{30'000};
  std::chrono::milliseconds request_time{0};

  // Log
  std::string access_log = "off";         ///< "off", "stdout", "stderr" or a file
  std::string access_format = "combined"; ///< common, combined, json, or one of [log] formats

  friend bool operator==(const site_settings&, const site_settings&) = default;
};

} // namespace perron::httpd::program
