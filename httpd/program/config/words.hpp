// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace perron::httpd::program {

/// A rule for a text.
struct word_rule {
  std::string_view type;  ///< as the manual calls it: "host name"
  std::string_view right; ///< what would be right, for messages
  bool (*fits)(std::string_view) noexcept;
};

namespace words {
extern const word_rule any;          ///< without control characters but tabs
extern const word_rule body;         ///< any text at all
extern const word_rule name;         ///< letters, digits and "._-", at least one
extern const word_rule label;        ///< any but nothing at all
extern const word_rule host;         ///< "example.org", "*.example.org", an address
extern const word_rule network;      ///< "10.0.0.0/8", "192.0.2.7"
extern const word_rule client;       ///< network, "unix" or "all"
extern const word_rule url_path;     ///< begins with '/'
extern const word_rule path_or_none; ///< that, or empty
extern const word_rule location;     ///< a path or an http(s) URL
extern const word_rule file_name;    ///< without '/'
extern const word_rule tried_path;   ///< "{path}.html", "index.html"
extern const word_rule media_type;   ///< "text/html"
extern const word_rule media_range;  ///< "text/html", "text/*", "*"
extern const word_rule token;        ///< RFC 9110 5.6.2: names of fields and methods
extern const word_rule field_value;  ///< RFC 9110 5.5
extern const word_rule origin;       ///< "https://example.org", "https://*.example.org", "*", "null"
extern const word_rule extension;    ///< "html", "tar.gz"
extern const word_rule statuses;     ///< "404", "4xx", "all"
extern const word_rule user_hash;    ///< as htpasswd writes it
extern const word_rule glob;         ///< "sites.d/*.toml"
} // namespace words

} // namespace perron::httpd::program
