// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/settings.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What a perron.toml says, as plain values: read, checked and with all defaults and inheritance filled in.
/// keys.hpp has the table that reads, checks, prints and documents them; perron.toml(5) is made of it.
/// Values, not synchronised; equal when they say the same, wherever it was written.
///
/// Conventions: times in milliseconds, sizes in bytes; an empty text, an empty list and a zero limit mean
/// "none", unless a comment says otherwise. Paths of files are absolute, or relative to the working folder
/// of the program: the loader has put the folder of the file that named them in front.
namespace perron::httpd::program {

using std::chrono::milliseconds;

/// The most processes of [server].
inline constexpr unsigned most_processes = 64;

/// [server]: the process.
struct process_settings {
  std::string user{};     ///< to run as once the sockets are open, if started as root; empty: as started
  std::string group{};    ///< empty: that user's own
  std::string pid_file{}; ///< empty: none
  unsigned processes = 1; ///< nodes, each a process of the operating system
  unsigned workers = 0;   ///< threads of each node; 0: one for each processor, shared out to the nodes
  std::string control = "/run/perron/control.sock"; ///< the socket of status, reload, stop...; empty: none
  unsigned control_mode = 0600;                     ///< its permissions
  milliseconds drain_time{30'000};                  ///< for running requests at stop, drain and restart
  std::string name = "perron";                      ///< of the Server field; empty: no such field

  friend bool operator==(const process_settings&, const process_settings&) = default;
};

/// [log]: the log of the program itself, and what all log files have in common (log_file_options).
struct log_settings {
  std::string error = "stderr";     ///< "stderr", "stdout", "syslog", "off" or a file
  std::string level = "info";       ///< trace, debug, info, warning, error, critical
  std::vector<text_pair> formats{}; ///< own formats of access logs: name, then what access_format takes
  std::uint64_t rotate_size = 0;    ///< a log file is put aside when it is as long as this; 0: never
  milliseconds rotate_every{0};     ///< whole seconds: when such a piece of local time ends; 0: never
  unsigned keep = 14;               ///< so many old files are kept
  bool compress = false;            ///< those with gzip

  friend bool operator==(const log_settings&, const log_settings&) = default;
};

/// Where to listen: what server_options.host and .port take.
struct endpoint {
  std::string host = "127.0.0.1"; ///< numeric, without brackets; or "unix:/path", port 0
  std::uint16_t port = 0;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// [admin]: a listener for metrics and health, apart from the sites.
struct admin_settings {
  std::optional<endpoint> listen{}; ///< none: no such listener
  std::vector<std::string> allow{}; ///< addresses and networks that may ask; empty: all that reach it
  std::string metrics = "/metrics"; ///< paths; empty: not served
  std::string health = "/healthz";
  std::string ready = "/readyz";

  friend bool operator==(const admin_settings&, const admin_settings&) = default;
};

/// [limits] and [listener.limits]: names and meanings are those of server_options (httpd/server.hpp).
struct limit_settings {
  std::size_t max_connections = 0;
  std::size_t hard_limit = 0;
  milliseconds retry_after{2'000};
  std::uint32_t max_head = 16 * 1024; ///< head.max_head_bytes
  std::uint32_t max_target = 8 * 1024;
  std::uint32_t max_headers = 100;
  milliseconds head_time{10'000};
  milliseconds idle_time{75'000};
  milliseconds body_grace{5'000};
  std::size_t unread_body = std::size_t(64) * 1024;
  milliseconds unread_body_time{1'000};
  milliseconds write_grace{30'000};
  std::size_t max_unsent = std::size_t(128) * 1024;
  std::size_t max_in_flight = std::size_t(64) << 20;
  // per_address
  std::uint32_t address_connections = 0;
  std::uint32_t address_rate = 0; ///< requests_per_second
  std::uint32_t address_burst = 0;
  std::uint8_t address_ipv6_prefix = 64;
  std::size_t address_table = 65'536; ///< max_addresses

  friend bool operator==(const limit_settings&, const limit_settings&) = default;
};

/// certificate_files of runtime/tls: PEM chain, its key (filled in if it is in the same file), DER staple or
/// empty.
struct certificate_settings {
  std::string certificate{}, key{}, ocsp{};

  friend bool operator==(const certificate_settings&, const certificate_settings&) = default;
};

/// [listener.tls]. runtime/tls/server_options has the meanings; empty: the default of the profile.
struct tls_settings {
  /// Those of the listener itself. The first of them, else that of the first site on this listener which has
  /// one, is for clients that name no host or an unknown one. See certificates_of().
  std::vector<certificate_settings> certificates{};
  std::string min_version = "1.2"; ///< "1.2" or "1.3"
  std::string ciphers{};           ///< of TLS 1.2, as OpenSSL writes them
  std::string ciphersuites{};      ///< of TLS 1.3
  std::string curves{};
  bool prefers_own_order = true;
  bool keeps_openssl = false;
  bool uses_kernel = false;
  std::string client = "none";                          ///< client certificates: none, optional, required
  std::string client_ca{};                              ///< PEM
  milliseconds ticket_lifetime{std::chrono::hours(24)}; ///< whole seconds; 0: no tickets
  milliseconds ticket_key_time{std::chrono::hours(12)}; ///< whole seconds
  milliseconds handshake_time{10'000};
  std::size_t max_handshakes = 512; ///< at once, of each listener

  friend bool operator==(const tls_settings&, const tls_settings&) = default;
};

/// [[listener]]
struct listener_settings {
  std::string name{}; ///< unique; by default what its first `listen` says
  std::vector<endpoint> listen{};
  int backlog = 4096;
  std::optional<tls_settings> tls{}; ///< none: plain
  limit_settings limits{};           ///< those of [limits] where it does not have its own
  std::vector<std::string> proxy_protocol_from{};
  source_place place{};

  friend bool operator==(const listener_settings&, const listener_settings&) = default;
};

/// [[site.location]]: a path and all that is below it. The longest path wins.
struct location_settings {
  std::string path{};       ///< "/downloads": that path and what is below it; "/exact.txt" works as well
  site_settings settings{}; ///< those of the site where it does not have its own
  // At most one of these; none: files.
  std::string alias{};  ///< files of this folder, with `path` taken off; root appends the whole path
  std::string module{}; ///< a shared library that answers (httpd/module.hpp)
  std::vector<text_pair> module_options{};
  int return_status = 0;     ///< answers with this status
  std::string return_body{}; ///< and this text; empty: an error page, or nothing
  std::string redirect{};    ///< sends clients there; "{path}" and "{query}" stand for theirs
  int redirect_status = 302;
  source_place place{};

  friend bool operator==(const location_settings&, const location_settings&) = default;
};

/// [[site]]
struct site_definition {
  std::vector<std::string> names{}; ///< hosts: "example.org", "*.example.org"; lower case, no port
  bool is_default = false;          ///< answers hosts that nobody has; else the first site of a listener does
  std::vector<std::string> listeners{}; ///< names of listeners; never empty after loading
  std::vector<certificate_settings> certificates{};
  bool https_only = false; ///< requests without TLS are sent to https (308), but for acme_challenge
  milliseconds hsts{0};    ///< secure_redirect_options, whole seconds; also without https_only
  bool hsts_subdomains = false;
  bool hsts_preload = false;
  /// A folder for /.well-known/acme-challenge/, served on all its listeners without auth; empty: none.
  std::string acme_challenge{};
  site_settings settings{}; ///< those of [defaults] where it does not have its own
  std::vector<location_settings> locations{};
  source_place place{};

  friend bool operator==(const site_definition&, const site_definition&) = default;
};

struct configuration {
  std::string file{};               ///< it was read from; empty: made in memory
  std::vector<std::string> files{}; ///< all that were read, included ones too
  process_settings server{};
  log_settings log{};
  admin_settings admin{};
  std::vector<listener_settings> listeners{}; ///< not empty after loading
  std::vector<site_definition> sites{};       ///< not empty after loading

  friend bool operator==(const configuration&, const configuration&) = default;
};

/// The certificates that a listener needs, in order: its own, then those of its sites, each once.
std::vector<certificate_settings> certificates_of(const configuration& of, const listener_settings& listener);

/// The sites of a listener, its default first.
std::vector<const site_definition*> sites_of(const configuration& of, const listener_settings& listener);

} // namespace perron::httpd::program
