// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/metrics/metrics.hpp>

#include <array>
#include <string_view>

namespace perron::httpd::program {
namespace {

using enum metric_type;

/// A figure of each listener.
struct listener_metric {
  std::string_view name;
  metric_type type;
  std::uint64_t server_stats::*value;
  std::string_view help;
};
constexpr std::array<listener_metric, 9> listener_metrics{{
    {"perron_connections", gauge, &server_stats::connections, "Connections that are open."},
    {"perron_connections_accepted", counter, &server_stats::accepted, "Connections that were accepted."},
    {"perron_connections_turned_away", counter, &server_stats::turned_away,
     "Clients answered with a 503, at a limit of connections."},
    {"perron_requests_started", counter, &server_stats::requests, "Requests that were given a process."},
    {"perron_requests_running", gauge, &server_stats::running, "Requests whose process has not ended."},
    {"perron_heads_refused", counter, &server_stats::refused, "Request heads answered with an error."},
    {"perron_tls_handshakes", counter, &server_stats::handshakes, "TLS handshakes that have begun."},
    {"perron_tls_handshakes_failed", counter, &server_stats::handshakes_failed, "Of these, failed."},
    {"perron_requests_limited", counter, &server_stats::limited,
     "Requests answered with a 429, beyond the rate of their address."},
}};

struct end_kind {
  std::string_view name;
  std::uint64_t server_stats::*value;
};
constexpr std::array<end_kind, 6> ends{{{"crashed", &server_stats::crashed},
                                        {"client_gone", &server_stats::client_gone},
                                        {"slow_reader", &server_stats::slow_readers},
                                        {"deadline", &server_stats::late},
                                        {"drained", &server_stats::drained},
                                        {"killed", &server_stats::killed}}};

void write_listeners(exposition& out, const metrics_snapshot& of) {
  for (const listener_metric& m : listener_metrics) {
    out.family(m.name, m.type, m.help);
    for (const auto& [name, stats] : of.listeners)
      out.sample({{"listener", name}}, stats.*m.value);
  }
  out.family("perron_requests_ended_badly", counter, "Requests that did not end normally, by kind of end.");
  for (const auto& [name, stats] : of.listeners)
    for (const end_kind& e : ends)
      out.sample({{"listener", name}, {"end", e.name}}, stats.*e.value);
}

void write_sites(exposition& out, const metrics_snapshot& of) {
  static constexpr std::array<std::string_view, 6> classes{"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  out.family("perron_http_requests", counter,
             "Requests that are over, by class of their status; none: the client left before an answer.");
  for (const auto& [name, figures] : of.sites)
    for (std::size_t i = 0; i < classes.size(); ++i)
      out.sample({{"site", name}, {"code", classes[i]}}, figures.by_class[i]);
  out.family("perron_http_requests_upgraded", counter, "Of these, gone over to another protocol.");
  for (const auto& [name, figures] : of.sites)
    out.sample({{"site", name}}, figures.upgraded);
  out.family("perron_http_response_body_bytes", counter, "Bytes sent behind the heads of answers.");
  for (const auto& [name, figures] : of.sites)
    out.sample({{"site", name}}, figures.body_bytes);
  out.family("perron_http_request_duration_seconds", histogram,
             "From the complete head of a request to the end of its answer; not of upgraded ones.");
  for (const auto& [name, figures] : of.sites)
    out.histogram({{"site", name}}, request_figures::bounds, figures.took, figures.seconds);
}

void write_node(exposition& out, const runtime::node_stats& node) {
  const auto one = [&](std::string_view name, metric_type type, std::uint64_t value, std::string_view help) {
    out.family(name, type, help);
    out.sample({}, value);
  };
  one("perron_processes", gauge, node.processes, "Processes that live.");
  one("perron_processes_spawned", counter, node.spawned, "Processes that were started.");
  one("perron_processes_crashed", counter, node.crashed, "Processes that crashed.");
  one("perron_messages", counter, node.messages, "Messages that were taken.");
  one("perron_timers", gauge, node.timers, "Timers that run.");
  one("perron_sockets", gauge, node.sockets, "Sockets that the node watches.");
  one("perron_stacks", gauge, node.stacks_in_use, "Stacks in use.");
  one("perron_process_record_bytes", gauge, node.process_memory, "Memory mapped for process records.");
  one("perron_workers_taken_over", counter, node.taken_over,
      "Times a worker that was held up was given to another thread.");
  one("perron_crash_reports_dropped", counter, node.crash_reports_dropped,
      "Crash reports that were not written.");
  out.family("perron_worker_queue_length", gauge, "Processes that wait for their turn.");
  for (std::size_t i = 0; i < node.workers.size(); ++i)
    out.sample({{"worker", std::to_string(i)}}, std::uint64_t(node.workers[i].queue));
  out.family("perron_worker_utilisation", gauge, "Part of its life that a worker was not asleep.");
  for (std::size_t i = 0; i < node.workers.size(); ++i)
    out.sample({{"worker", std::to_string(i)}}, node.workers[i].utilisation);
}

void write_program(exposition& out, const metrics_snapshot& of) {
  out.family("perron_build_info", gauge, "The version, as a label.");
  out.sample({{"version", of.version}}, std::uint64_t(1));
  out.family("perron_config_reloads", counter, "Reloads of the configuration, by outcome.");
  out.sample({{"outcome", "ok"}}, of.reloads);
  out.sample({{"outcome", "failed"}}, of.failed_reloads);
  out.family("perron_config_read_timestamp_seconds", gauge, "When the configuration that holds was read.");
  out.sample({}, of.config_time);
  out.family("perron_access_log_lines", counter, "Lines of access logs, by what became of them.");
  out.sample({{"outcome", "written"}}, of.log.written);
  out.sample({{"outcome", "dropped"}}, of.log.dropped);
}

void write_nodes(exposition& out, const metrics_snapshot& of) {
  if (of.nodes.empty())
    return;
  out.family("perron_node_up", gauge, "Whether a node of the program answers.");
  for (const node_condition& n : of.nodes)
    out.sample({{"node", std::to_string(n.node)}}, std::uint64_t(n.up));
  out.family("perron_node_restarts", counter, "Times a node was started again.");
  for (const node_condition& n : of.nodes)
    out.sample({{"node", std::to_string(n.node)}}, n.restarts);
}

/// The names that all clients of Prometheus use.
void write_process(exposition& out, const process_figures& p) {
  out.family("process_cpu_seconds", counter, "CPU time of the program.");
  out.sample({}, p.cpu_seconds);
  out.family("process_start_time_seconds", gauge, "When the program was started.");
  out.sample({}, p.start_time);
  out.family("process_resident_memory_bytes", gauge, "Memory that is resident.");
  out.sample({}, p.resident_bytes);
  out.family("process_virtual_memory_bytes", gauge, "Address space.");
  out.sample({}, p.virtual_bytes);
  out.family("process_open_fds", gauge, "Open descriptors.");
  out.sample({}, p.open_files);
  out.family("process_max_fds", gauge, "Descriptors that may be open.");
  out.sample({}, p.max_files);
}

} // namespace

std::string write_metrics(const metrics_snapshot& of, metrics_format format) {
  exposition out(format);
  write_program(out, of);
  write_listeners(out, of);
  write_sites(out, of);
  write_nodes(out, of);
  write_node(out, of.node);
  write_process(out, of.process);
  return std::move(out).text();
}

} // namespace perron::httpd::program
