// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd {

/// One text or several, as options name files: `.root = "public"`, `.index = {"index.html", "index.htm"}`.
class text_list {
public:
  text_list() = default;
  text_list(const char* one) : texts_{one} {}
  text_list(std::string one) : texts_{std::move(one)} {}
  text_list(std::initializer_list<std::string> all) : texts_(all) {}
  text_list(std::vector<std::string> all) noexcept : texts_(std::move(all)) {}

  auto begin() const noexcept { return texts_.begin(); }
  auto end() const noexcept { return texts_.end(); }
  std::size_t size() const noexcept { return texts_.size(); }
  bool empty() const noexcept { return texts_.empty(); }

private:
  std::vector<std::string> texts_;
};

/// What Cache-Control says of the files of a media type.
struct cache_rule {
  std::string type;  ///< "text/html", "image/*", or "*" for all
  std::string value; ///< "max-age=3600"; empty: the field is left out
};

/// One value for all files, `.cache_control = "no-cache"`, or by type, the first rule that fits:
/// `.cache_control = {{"text/html", "no-cache"}, {"*", "max-age=31536000, immutable"}}`.
class cache_rules {
public:
  cache_rules() = default;
  cache_rules(const char* for_all) : rules_{{"*", for_all}} {}
  cache_rules(std::string for_all) : rules_{{"*", std::move(for_all)}} {}
  cache_rules(std::initializer_list<cache_rule> rules) : rules_(rules) {}
  cache_rules(std::vector<cache_rule> rules) noexcept : rules_(std::move(rules)) {}

  /// For a content type, whose parameters do not matter; empty: none.
  std::string_view value_for(std::string_view content_type) const noexcept;

private:
  std::vector<cache_rule> rules_;
};

/// The type of files whose name ends in a dot and this.
struct extension_type {
  std::string extension; ///< "tar.gz"; case does not matter
  std::string type;
};

enum class file_listing : std::uint8_t {
  off,  ///< 404 for a folder without an index
  html, ///< a page; JSON for who likes that better (Accept)
  json,
};

/// What is kept of files between requests, by each handler for itself.
struct file_cache_options {
  /// Most files that are kept open; 0: none, and each request opens its file. Never more than a quarter of
  /// the descriptors that the program may have.
  std::size_t entries = 512;
  /// How long a file is taken to be as it was when it was last looked at. 0: every request looks.
  std::chrono::milliseconds fresh{1000};
  /// Bytes of content that are kept in memory, in all; 0: none.
  std::size_t bytes = std::size_t(16) * 1024 * 1024;
  /// The largest file whose content is kept.
  std::size_t max_file = std::size_t(64) * 1024;
};

/// What static_files() does; see there. Only `root` must be said.
struct static_options {
  /// The folders; a file is that of the first one that has it. Links to them are followed once, when the
  /// handler is made.
  text_list root{};
  std::string param = "path"; ///< the wildcard of the route that names the file
  text_list index =
      "index.html"; ///< what a path that ends in '/' names in its folder, the first that is there
  /// Paths that are tried, in this order, where there is nothing under the path asked for, which `{path}`
  /// stands for: `{"{path}.html", "index.html"}`. The last one is the page of an application that keeps its
  /// own paths in the browser.
  text_list try_files{};
  file_listing listing = file_listing::off; ///< of folders without an index
  std::size_t listing_limit = 10'000;       ///< most names that a listing has
  /// Names that begin with a dot are sent and listed. Without it only a first ".well-known" is (RFC 8615).
  bool hidden = false;
  /// Links to places below the same root are followed; others never are.
  bool follow_links = true;
  /// `name.br`, `name.zst` and `name.gz` are sent instead of `name` to who takes that coding, unless they
  /// are older.
  bool precompressed = false;
  cache_rules cache_control{};
  bool expires = false;          ///< an Expires field too where Cache-Control says max-age, for old caches
  std::string charset = "utf-8"; ///< said of text/* types that do not say theirs; empty: none
  /// A table of media types in the form of /etc/mime.types or of shared-mime-info's globs2, asked before the
  /// built-in one. Empty: what the built-in one does not have is asked of the system's, if there is one.
  std::string mime_types{};
  std::vector<extension_type> types{};                   ///< asked before all tables
  std::string default_type = "application/octet-stream"; ///< of names that no table has; empty: none said
  file_cache_options cache{};
};

} // namespace perron::httpd
