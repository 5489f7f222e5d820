// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/recorder.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace perron::soak {

// What is known of a run, as plain values: what clients fill, the report shows, and soak.json keeps. Times
// named at_s are seconds since the run began; latencies are nanoseconds; memory is bytes.

struct named_count {
  std::string name;
  std::uint64_t count = 0;
};

/// What all clients together have done so far. Only `wanted`, `opening` and `open` ever fall.
struct client_counts {
  std::uint64_t wanted = 0;  // connections that should be open now
  std::uint64_t opening = 0; // connections on their way
  std::uint64_t open = 0;
  std::uint64_t opened = 0; // in all
  std::uint64_t closed = 0; // in all, by either side
  std::uint64_t requests = 0;
  std::uint64_t answers = 0;
  std::uint64_t messages = 0; // of SSE, WebSocket, chat
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::vector<named_count> errors; // by kind, always all kinds in the same order
  std::vector<named_count> meant;  // what was caused on purpose and is no error: "crashed", "vanished", ...
};

/// The latencies of one interval; all 0 where none was counted.
struct quantiles {
  std::uint64_t count = 0;
  std::uint64_t p50 = 0;
  std::uint64_t p90 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t p999 = 0;
  std::uint64_t max = 0;
};

quantiles quantiles_of(const histogram& h);

/// The server's processes together. Times are cumulative, and those of processes that ended and were waited
/// for are in them.
struct server_figures {
  unsigned processes = 0;
  std::uint64_t anonymous_bytes = 0; // resident, private; shared with a parent since a fork: counted in both
  std::uint64_t descriptors = 0;
  double user_s = 0;
  double system_s = 0;
  std::optional<std::uint64_t> pss_bytes;     // proportional set size: shared pages counted once
  std::optional<std::uint64_t> private_bytes; // in no other process
};

/// The machine. Its memory is that of both ends of each connection when both are here.
struct machine_figures {
  std::uint64_t available_bytes = 0;     // MemAvailable
  std::uint64_t slab_bytes = 0;          // Slab
  std::uint64_t slab_unreclaimable = 0;  // SUnreclaim
  std::uint64_t page_table_bytes = 0;    // PageTables
  std::uint64_t socket_buffer_bytes = 0; // TCP "mem" of sockstat, in bytes
  std::uint64_t sockets = 0;             // TCP, in use
  std::uint64_t time_wait = 0;
  std::optional<std::uint64_t> socket_slab_bytes; // of the caches that sockets live in; only root may read it
};

struct sample {
  double at_s = 0;
  std::string phase; // "ramp", "hold", ...; what follows each other with one name is one phase
  client_counts clients;
  server_figures server;
  machine_figures machine;
  quantiles connect; // these four: of the interval that ends here
  quantiles latency; // from when the question was due
  quantiles service; // from when it was sent
  quantiles publish; // from the publishing to each receiver
};

struct mark {
  double at_s = 0;
  std::string text; // "node 7 killed", "published"
};

/// A sentence that the run was to prove. `holds` is empty where it is only stated, or could not be told.
struct verdict {
  std::string line;
  std::optional<bool> holds;
  std::string figures; // those that decided
};

struct named_histogram {
  std::string name; // "connect", "latency", "service", "publish"
  histogram values;
};

struct limit {
  std::string name;  // "net.core.somaxconn"
  std::string value; // as the system prints it
  std::string meaning;
};

struct machine_facts {
  std::string system; // "Linux 6.1.0 x86_64"
  std::string processor;
  unsigned cores = 0;
  std::uint64_t memory_bytes = 0;
  std::vector<limit> limits;
};

struct server_facts {
  std::string command; // of its first process, blank separated; empty when the server was not found
  std::string address; // "127.0.0.1:8080"
  std::vector<int> pids;
};

struct run_record {
  std::string title;
  std::string command;
  std::string started; // "2026-11-27T00:10:00Z"
  std::vector<std::pair<std::string, std::string>> options;
  std::uint64_t wanted = 0; // connections that the run was to hold
  machine_facts machine;
  server_facts server;
  std::vector<sample> samples; // in order of time; the first is of the server before any connection
  client_counts totals;
  std::vector<named_histogram> histograms;
  std::vector<mark> marks;
  std::vector<verdict> verdicts;
  std::vector<std::string> notes; // what stopped the run, what was not readable, ...
};

} // namespace perron::soak
