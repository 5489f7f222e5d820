// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_log/log_stream.hpp>
#include <perron/httpd/program/metrics/exposition.hpp>
#include <perron/httpd/program/metrics/request_counts.hpp>
#include <perron/httpd/server.hpp>
#include <perron/runtime/node.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd::program {

/// Figures of the process as the kernel keeps them. Zero where it does not tell.
struct process_figures {
  double cpu_seconds = 0;
  double start_time = 0; ///< seconds since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t max_files = 0;

  /// From /proc and getrlimit: about 50 µs.
  static process_figures now();
};

/// One of several nodes of the program.
struct node_condition {
  unsigned node = 0;
  bool up = false; ///< it answers
  std::uint64_t restarts = 0;
};

/// All that /metrics shows, put together by whoever has it.
struct metrics_snapshot {
  std::string version{};
  std::vector<std::pair<std::string, server_stats>> listeners{}; ///< by name
  std::vector<std::pair<std::string, request_figures>> sites{};  ///< by name
  runtime::node_stats node{};
  process_figures process{};
  log_counts log{}; ///< of all access logs
  std::uint64_t reloads = 0;
  std::uint64_t failed_reloads = 0;
  double config_time = 0;              ///< when the configuration that holds was read, in seconds since 1970
  std::vector<node_condition> nodes{}; ///< empty: it runs as one process
};

/// The text of /metrics. README.md in this folder lists what is in it.
std::string write_metrics(const metrics_snapshot& of, metrics_format format);

} // namespace perron::httpd::program
