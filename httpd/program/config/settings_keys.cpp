// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/values.hpp>

namespace perron::httpd::program {

using namespace values;
using namespace std::chrono_literals;

namespace {
using settings = site_settings;
using compression = compression_settings;
using cache = file_cache_settings;
} // namespace

const section& settings_keys() {
  static const section keys{
      "[defaults]",
      "What all sites begin with. Each of these keys can also stand in a [[site]], and in a "
      "[[site.location]]; the "
      "closest one counts. Tables are merged with what they inherit, lists replace it.",
      {
          {"root", paths(access(&settings::roots), path_kind::folder), "\"/srv/www\"",
           "The folder of the files, or a list of folders that are tried in this order. Nothing outside of "
           "it is "
           "ever served, whatever links there are.",
           "roots docroot documentroot document_root webroot"},
          {"index", texts(access(&settings::index), words::file_name), "[\"index.html\", \"index.htm\"]",
           "What is served for a folder: the first of these that is in it. An empty list: nothing.",
           "index_files directoryindex"},
          {"try_files", texts(access(&settings::try_files), words::tried_path),
           "[\"{path}.html\", \"index.html\"]",
           "What is tried, in this order, where there is no file of the path, which {path} stands for. The "
           "page of a "
           "single-page application: \"index.html\".",
           "fallback spa"},
          {"listing", listing(access(&settings::listing)), "\"html\"",
           "A folder without an index is listed: as a page (html or true; JSON for clients that prefer it) "
           "or always "
           "as JSON.",
           "autoindex dir_listings browse directory_listing"},
          {"listing_limit", count(number(&settings::listing_limit), 1, 10'000'000), "10000",
           "The most names that a listing has."},
          {"hidden", flag(access(&settings::hidden)), "false",
           "Serves files whose names begin with a dot. /.well-known/ is served in any case.", "dotfiles"},
          {"follow_links", flag(access(&settings::follow_links)), "true",
           "Follows symbolic links, as long as they stay below the root.",
           "symlinks disable_symlinks followsymlinks"},
          {"precompressed", flag(access(&settings::precompressed)), "true",
           "Sends name.br, name.zst or name.gz beside a file in its place, to clients that take it and if it "
           "is not "
           "older.",
           "gzip_static"},
          {"cache_control", by_type(access(&settings::cache_control), words::field_value),
           "{ \"text/html\" = \"no-cache\", \"image/*\" = \"max-age=86400\" }",
           "The Cache-Control of files: one text for all, or one for each media type, the closest.",
           "expires_by_type"},
          {"expires", flag(access(&settings::expires)), "false",
           "Adds an Expires field where Cache-Control says max-age, for old caches."},
          {"charset", text(access(&settings::charset), words::any), "\"utf-8\"",
           "The charset that is said of text files. Empty: none.", "default_charset adddefaultcharset"},
          {"mime_types", path(access(&settings::mime_types), path_kind::file), "\"/etc/mime.types\"",
           "A table of media types by extension, in the form of mime.types or of shared-mime-info's globs2. "
           "Without "
           "it the table of the system is asked for what the built-in one does not have.",
           "mime_types_file"},
          {"types", map(access(&settings::types), words::extension, words::media_type),
           "{ wasm = \"application/wasm\", \"tar.gz\" = \"application/gzip\" }",
           "Media types by extension, before all tables.", "add_types addtype"},
          {"default_type", text(access(&settings::default_type), words::media_type),
           "\"application/octet-stream\"", "The media type of files that no table knows.", "defaulttype"},
          {"file_cache", table(&settings::file_cache, file_cache_keys()), "",
           "Files that are kept open and in memory.", "open_file_cache"},
          {"compression", table(&settings::compression, compression_keys()), "",
           "Answers are compressed on their way; false: they are not.",
           "compress gzip deflate encode brotli"},
          {"trusted_proxies", texts(access(&settings::trusted_proxies), words::network), "[\"10.0.0.0/8\"]",
           "Proxies that are believed when they say in a field who their client is. Without any the field is "
           "not "
           "read.",
           "set_real_ip_from"},
          {"forwarded_field", choice(access(&settings::forwarded_field), {"X-Forwarded-For", "Forwarded"}),
           "\"X-Forwarded-For\"",
           "The field that these proxies write; with X-Forwarded-For goes X-Forwarded-Proto.",
           "real_ip_header"},
          {"deny", texts(access(&settings::deny), words::client), "[\"192.0.2.0/24\"]",
           "Clients that get a 403, by address: addresses, networks, \"unix\" for Unix sockets, \"all\"."},
          {"allow", texts(access(&settings::allow), words::client), "[\"10.0.0.0/8\", \"unix\"]",
           "If this is not empty, only these clients are answered, less those of deny; others get a 403."},
          {"rate_limit", optional_table(&settings::rate_limit, rate_limit_keys()), "",
           "How often one client may ask; beyond it, 429. With processes, of each of them.",
           "limit_req ratelimit throttle"},
          {"redirects", tables(&settings::redirects, redirect_keys()), "",
           "Paths that have moved; the first one that fits counts.", "redirect redir"},
          {"rewrites", tables(&settings::rewrites, rewrite_keys()), "",
           "Paths that stand for other paths of the same site, which clients do not see.", "rewrite"},
          {"auth", optional_table(&settings::auth, auth_keys()), "",
           "Asks for a name and a password (Basic); false: no longer.", "auth_basic basic_auth basicauth"},
          {"cors", optional_table(&settings::cors, cors_keys()), "",
           "Lets scripts of other origins read the answers; false: no longer."},
          {"headers", table(&settings::headers, header_keys()), "", "Changes the fields of answers.",
           "header add_header extra_response_headers"},
          {"error_pages", path_map(access(&settings::error_pages), words::statuses),
           "{ 404 = \"errors/404.html\", 5xx = \"errors/sorry.html\" }",
           "Own pages for errors, by status, \"4xx\", \"5xx\" or \"all\"; the closest counts. They are HTML "
           "with "
           "{{status}}, {{reason}}, {{why}}, {{path}}, {{host}} and {{method}}, and are read when the "
           "configuration "
           "is.",
           "error_page errordocument"},
          {"max_body", size(number(&settings::max_body), 0, largest), "\"10M\"",
           "The most bytes of a request's body; beyond it 413.", "client_max_body_size"},
          {"body_time", duration(access(&settings::body_time), 0ms, 24h), "\"30s\"",
           "How long a body may take to come. 0: no limit.", "client_body_timeout"},
          {"min_body_rate", size(number(&settings::min_body_rate), 0, 1 << 30), "240",
           "Bytes a second that a body has to come with. 0: none."},
          {"write_time", duration(access(&settings::write_time), 1ms, 24h), "\"30s\"",
           "How long a client may take nothing of its answer before it is cut off.", "send_timeout"},
          {"min_write_rate", size(number(&settings::min_write_rate), 0, 1 << 30), "240",
           "Bytes a second that a client has to take of an answer. 0: any."},
          {"request_time", duration(access(&settings::request_time), 0ms, 24h), "\"1m\"",
           "How long a request may take in all, from its head to the end of its answer. 0: no limit.",
           "request_timeout"},
          {"access_log", path(access(&settings::access_log), path_kind::output),
           "\"/var/log/perron/access.log\"",
           "Where requests are logged, a line for each: a file, stdout, stderr or off.",
           "accesslog customlog"},
          {"access_format", text(access(&settings::access_format), words::name), "\"combined\"",
           "The form of these lines: common, combined, json, or one of [log] formats.", "log_format"},
      },
      fresh<settings>()};
  return keys;
}

const section& file_cache_keys() {
  static const section keys{
      "[site.file_cache]",
      "What is kept of files between requests.",
      {
          {"entries", count(number(&cache::entries), 0, 1'000'000), "512",
           "The most files that are kept open. 0: none.", "max_num_cached_files max"},
          {"fresh", duration(access(&cache::fresh), 0ms, 24h), "\"1s\"",
           "How long a file is taken to be unchanged. 0: every request looks.", "cache_refresh_secs valid"},
          {"size", size(number(&cache::size), 0, largest), "\"16M\"",
           "The most bytes kept in memory. 0: none.", "max_num_cached_bytes bytes"},
          {"max_file", size(number(&cache::max_file), 0, 1 << 30), "\"64k\"",
           "The longest file that is kept in memory.", "max_size_cached_file"},
      },
      fresh<cache>()};
  return keys;
}

const section& compression_keys() {
  static const section keys{
      "[site.compression]",
      "Compression of answers on their way. Not for pages that have a secret beside text that somebody else "
      "chose: "
      "its length gives it away (BREACH).",
      {
          {"on", flag(access(&compression::on)), "true", "Whether answers are compressed."},
          {"codings", choices(access(&compression::codings), {"zstd", "br", "gzip"}), "[\"br\", \"gzip\"]",
           "In which ways, in the order in which they are taken if the client likes several alike.",
           "encodings algorithms"},
          {"types", texts(access(&compression::types), words::media_range),
           "[\"text/*\", \"application/json\"]",
           "The media types that are. Empty: text, JSON, JavaScript, XML, WebAssembly, SVG and uncompressed "
           "fonts.",
           "gzip_types"},
          {"minimum", size(number(&compression::minimum), 0, 1 << 30), "1024",
           "Shorter answers are left as they are.", "gzip_min_length min_size"},
          {"gzip_level", count(number(&compression::gzip_level), 1, 9), "5", "More is smaller and slower.",
           "gzip_comp_level level"},
          {"brotli_quality", count(number(&compression::brotli_quality), 0, 11), "4", "The same of br.",
           "brotli_level"},
          {"zstd_level", count(number(&compression::zstd_level), 1, 19), "3", "The same of zstd."},
      },
      fresh<compression>()};
  return keys;
}

} // namespace perron::httpd::program
