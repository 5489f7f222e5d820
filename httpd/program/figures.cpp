// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/figures.hpp>

#include <perron/httpd/program/keeper.hpp>
#include <perron/httpd/response.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/node.hpp>

#include <chrono>
#include <utility>

namespace perron::httpd::program {

metrics_snapshot gather_figures() {
  const auto now = runtime::call(the_keeper(), status_call{});
  const auto counters = runtime::call(the_keeper(), counters_call{});
  if (!now || !counters)
    throw http_error(status::service_unavailable, "the program starts or stops");
  metrics_snapshot out;
  out.version = PERRON_VERSION;
  for (const listener_status& l : now->listeners)
    out.listeners.emplace_back(l.url, l.stats);
  out.sites = (*counters)->figures();
  out.node = runtime::current_node_stats();
  out.process = process_figures::now();
  out.log = now->log;
  out.reloads = now->reloads;
  out.failed_reloads = now->failed;
  out.config_time = std::chrono::duration<double>(now->loaded.time_since_epoch()).count();
  return out;
}

} // namespace perron::httpd::program
