// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/values.hpp>

namespace perron::httpd::program {

using namespace values;
using namespace std::chrono_literals;

namespace {
using server = process_settings;
using log = log_settings;
using admin = admin_settings;
using limits = limit_settings;
} // namespace

const section& server_keys() {
  static const section keys{
      "[server]",
      "The process.",
      {
          {"user", text(access(&server::user), words::name), "\"perron\"",
           "The user to run as once all ports are open, when started as root. Without it the program stays "
           "who it "
           "was started as. What a reload reads (keys of certificates) and opens anew (logs, in their "
           "folders) "
           "must be open to this user; a log that is made at the start is given to it. Processes that are "
           "started again, see processes, begin as root as the first did."},
          {"group", text(access(&server::group), words::name), "\"perron\"",
           "The group to run as. Without it, the main group of the user."},
          {"pid_file", path(access(&server::pid_file), path_kind::runtime), "\"/run/perron/perron.pid\"",
           "A file for the number of the process. Not needed under systemd.", "pidfile"},
          {"processes", count(number(&server::processes), 1, most_processes), "4",
           "How many processes serve, each with its own workers, under one more that starts them again when "
           "they "
           "die. They share the ports, and all commands speak for all of them. Limits hold for each of them "
           "by "
           "itself: max_connections, rate_limit, address_connections, address_rate and the caches. For "
           "machines "
           "on which one process may not open enough files, and so that a crash of the program is one of a "
           "part.",
           "nodes"},
          {"workers", count(number(&server::workers), 0, 1024), "4",
           "How many threads of each process run requests. 0 is one for each processor, shared out to the "
           "processes.",
           "worker_processes threads"},
          {"control", path(access(&server::control), path_kind::runtime), "\"/run/perron/control.sock\"",
           "The Unix socket that perron status, reload, stop, drain and routes talk to. Its folder is made "
           "if it "
           "is not there. An empty text: none."},
          {"control_mode", mode(number(&server::control_mode)), "\"0660\"",
           "The permissions of the control socket: whoever may write to it may stop the server."},
          {"drain_time", duration(access(&server::drain_time), 0ms, 24h), "\"30s\"",
           "How long requests that run may take to end when the server stops or drains. After that they are "
           "told "
           "to stop, and a second later killed.",
           "shutdown_timeout worker_shutdown_timeout grace_period"},
          {"name", text(access(&server::name), words::field_value), "\"perron\"",
           "What answers say in their Server field. An empty text: they have none.",
           "server_tokens server_signature"},
      },
      fresh<server>()};
  return keys;
}

const section& log_keys() {
  static const section keys{
      "[log]",
      "The program's own log, and what all log files have in common. Which requests are logged where is said "
      "by "
      "access_log of the sites. SIGHUP and perron reload open all log files again, for logrotate(8).",
      {
          {"error", path(access(&log::error), path_kind::log), "\"/var/log/perron/error.log\"",
           "Where the program's own log goes: a file, stderr, stdout, syslog or off. Where systemd keeps "
           "stderr, its lines have a priority.",
           "error_log errorlog logdir"},
          {"level", choice(access(&log::level), {"trace", "debug", "info", "warning", "error", "critical"}),
           "\"info\"", "What is not less serious than this is logged.", "log_level loglevel"},
          {"formats", map(access(&log::formats), words::name, words::any),
           "{ short = \"$remote_addr $request $status\" }",
           "Own formats of access logs, by name, for access_format; ACCESS LOGS says what may stand in them.",
           "log_format logformat"},
          {"rotate_size", size(number(&log::rotate_size), 0, largest), "\"100M\"",
           "A log file that has grown so long is put aside as name.1, name.1 as name.2 and so on. 0: never.",
           "log_wrap_size"},
          {"rotate_every", seconds(access(&log::rotate_every), 0ms, 24h * 366), "\"1d\"",
           "The same whenever such a piece of local time ends: with \"1d\" at each midnight. 0: never."},
          {"keep", count(number(&log::keep), 0, 10'000), "14",
           "How many files that were put aside are kept."},
          {"compress", flag(access(&log::compress)), "true",
           "Files that were put aside are compressed with gzip."},
      },
      fresh<log>()};
  return keys;
}

const section& admin_keys() {
  static const section keys{
      "[admin]",
      "A listener of its own for figures and health, apart from the sites. Without listen there is none.",
      {
          {"listen", address(access(&admin::listen)), "\"127.0.0.1:9180\"",
           "Where it listens. Whoever can reach it sees how the server is; nobody can change anything "
           "there."},
          {"allow", texts(access(&admin::allow), words::network), "[\"127.0.0.1\", \"10.0.0.0/8\"]",
           "Who may ask, by address. An empty list: everybody who can reach it."},
          {"metrics", text(access(&admin::metrics), words::path_or_none), "\"/metrics\"",
           "The path of the figures, in the text format of Prometheus. Empty: none, as for the next two."},
          {"health", text(access(&admin::health), words::path_or_none), "\"/healthz\"",
           "The path that answers 200 as long as the process lives."},
          {"ready", text(access(&admin::ready), words::path_or_none), "\"/readyz\"",
           "The path that answers 200 while the server takes requests, and 503 while it starts or drains."},
      },
      fresh<admin>()};
  return keys;
}

const section& limit_keys() {
  static const section keys{
      "[limits]",
      "Bounds for connections, of all listeners; [listener.limits] has the same keys for one of them. The "
      "defaults are safe on the open internet.",
      {
          {"max_connections", count(number(&limits::max_connections), 0, 100'000'000), "10000",
           "At so many open connections no further ones are taken: clients wait in the kernel's queue. 0: as "
           "many as there are file descriptors. With processes this and the other limits are those of each.",
           "worker_connections maxclients"},
          {"hard_limit", count(number(&limits::hard_limit), 0, 100'000'000), "12000",
           "At so many, clients are answered with a 503 at once. 0: never."},
          {"retry_after", seconds(access(&limits::retry_after), 0ms, 24h), "\"2s\"",
           "What such a 503 says in Retry-After."},
          {"max_head", size(number(&limits::max_head), 256, 1 << 20), "\"16k\"",
           "The most bytes of a request line and its fields; beyond it 431.", "large_client_header_buffers"},
          {"max_target", size(number(&limits::max_target), 64, 1 << 20), "\"8k\"",
           "The most bytes of path and query; beyond it 414."},
          {"max_headers", count(number(&limits::max_headers), 1, 10'000), "100",
           "The most fields of a request; beyond it 431."},
          {"head_time", duration(access(&limits::head_time), 1ms, 1h), "\"10s\"",
           "How long the head of a request may take from its first byte.", "client_header_timeout"},
          {"idle_time", duration(access(&limits::idle_time), 1ms, 24h), "\"75s\"",
           "How long a connection is kept between two requests.", "keepalive_timeout keep_alive"},
          {"body_grace", duration(access(&limits::body_grace), 0ms, 1h), "\"5s\"",
           "How long a body may come more slowly than min_body_rate."},
          {"unread_body", size(number(&limits::unread_body), 0, 1 << 30), "\"64k\"",
           "Of a body that nobody read, so much is thrown away to save the connection; with more left it is "
           "closed."},
          {"unread_body_time", duration(access(&limits::unread_body_time), 0ms, 1h), "\"1s\"",
           "How long that may take."},
          {"write_grace", duration(access(&limits::write_grace), 0ms, 1h), "\"30s\"",
           "How far a client may fall behind min_write_rate."},
          {"max_in_flight", size(number(&limits::max_in_flight), 0, largest), "\"64M\"",
           "What the kernel holds for all clients that read slowly, together: while it is more, it holds 16 "
           "KB "
           "for each of them instead of max_unsent. 0: no such bound."},
          {"max_unsent", size(number(&limits::max_unsent), 0, 1 << 30), "\"128k\"",
           "What the kernel holds for a client that reads slowly. 0: as much as the system allows."},
          {"address_connections", count(number(&limits::address_connections), 0, 1'000'000), "100",
           "The most open connections of one client address; further ones get a 503. 0: no limit. Behind a "
           "proxy "
           "that does not speak the PROXY protocol all clients have one address.",
           "limit_conn"},
          {"address_rate", count(number(&limits::address_rate), 0, 1'000'000), "200",
           "The most requests a second of one client address, on the average; further ones get a 429 before "
           "any "
           "site is asked. 0: no limit.",
           "limit_req"},
          {"address_burst", count(number(&limits::address_burst), 0, 1'000'000), "400",
           "Requests at once after a pause. 0: as many as in a second, at least 10."},
          {"address_ipv6_prefix", count(number(&limits::address_ipv6_prefix), 1, 64), "64",
           "IPv6 addresses that begin with the same so many bits are one client."},
          {"address_table", count(number(&limits::address_table), 16, 100'000'000), "65536",
           "About how many addresses are remembered, 24 bytes each."},
      },
      fresh<limits>()};
  return keys;
}

} // namespace perron::httpd::program
