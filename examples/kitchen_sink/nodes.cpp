// SPDX-License-Identifier: BSD-3-Clause
#include "routes.hpp"

#include <perron/httpd/server.hpp>
#include <perron/runtime/group.hpp>
#include <perron/runtime/node.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/siblings.hpp>

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

using namespace perron;
using namespace std::chrono_literals;

namespace {

/// For what wakes a million.
constexpr auto patience = 60s;

struct published {
  std::shared_ptr<const std::string> body;
};

/// Parks until somebody publishes.
httpd::response poll(httpd::request&) {
  runtime::join_group("poll");
  return runtime::receive([](const published& p) { return httpd::text(*p.body); });
}

/// Wakes those who poll at this node; gives how many.
std::string wake_all(std::string_view body) {
  const auto shared = std::make_shared<const std::string>(body);
  return std::to_string(runtime::broadcast("poll", published{shared}));
}

/// Wakes those of all nodes.
httpd::response publish(httpd::request& r) {
  std::size_t reached = 0;
  nlohmann::json missing = nlohmann::json::array();
  for (const siblings::reply& each : siblings::ask_all("publish", std::string(r.body()), patience))
    if (each.bytes)
      reached += std::stoul(*each.bytes);
    else
      missing.push_back({{"node", each.node}, {"why", each.bytes.error().text}});
  nlohmann::json out{{"reached", reached}};
  if (!missing.empty())
    out["missing"] = missing;
  return httpd::json(out.dump());
}

/// The figures of this node.
nlohmann::json own_stats() {
  const runtime::node_stats s = runtime::current_node_stats();
  nlohmann::json workers = nlohmann::json::array();
  for (const auto& w : s.workers)
    workers.push_back({{"queue", w.queue}, {"utilisation", w.utilisation}});
  nlohmann::json out{{"processes", s.processes},
                     {"spawned", s.spawned},
                     {"ended", s.ended},
                     {"crashed", s.crashed},
                     {"crash_reports_dropped", s.crash_reports_dropped},
                     {"turns", s.turns},
                     {"stolen", s.stolen},
                     {"taken_over", s.taken_over},
                     {"timers", s.timers},
                     {"sockets", s.sockets},
                     {"stacks_in_use", s.stacks_in_use},
                     {"process_memory", s.process_memory},
                     {"workers", workers}};
  if (const auto http = httpd::stats_of(runtime::whereis("http")))
    out["http"] = {{"connections", http->connections},   {"accepted", http->accepted},
                   {"requests", http->requests},         {"running", http->running},
                   {"crashed", http->crashed},           {"client_gone", http->client_gone},
                   {"slow_readers", http->slow_readers}, {"late", http->late},
                   {"drained", http->drained},           {"killed", http->killed},
                   {"refused", http->refused},           {"turned_away", http->turned_away}};
  return out;
}

/// Numbers are added, lists joined.
void add_up(nlohmann::json& sum, const nlohmann::json& more) {
  if (sum.is_null()) {
    sum = more;
  } else if (more.is_object()) {
    for (const auto& [key, value] : more.items())
      add_up(sum[key], value);
  } else if (more.is_array()) {
    sum.insert(sum.end(), more.begin(), more.end());
  } else if (more.is_number_unsigned()) {
    sum = sum.get<std::uint64_t>() + more.get<std::uint64_t>();
  }
}

/// The sum of all nodes, and which there are.
httpd::response stats(httpd::request&) {
  nlohmann::json sum;
  nlohmann::json nodes = nlohmann::json::array();
  for (const siblings::reply& each : siblings::ask_all("stats", {}, 5s)) {
    nlohmann::json one{{"node", each.node}};
    if (each.bytes) {
      nlohmann::json told = nlohmann::json::parse(*each.bytes);
      one["pid"] = std::exchange(told["pid"], {});
      told.erase("pid");
      if (told.contains("http"))
        one["connections"] = told["http"]["connections"];
      add_up(sum, told);
    } else {
      one["error"] = each.bytes.error().text;
    }
    nodes.push_back(std::move(one));
  }
  sum["nodes"] = std::move(nodes);
  return httpd::json(sum.dump(2) + '\n');
}

} // namespace

void give_answers() {
  siblings::answer("publish", wake_all);
  siblings::answer("stats", [](std::string_view) {
    nlohmann::json all = own_stats();
    all["pid"] = ::getpid();
    return all.dump();
  });
}

void add_node_routes(httpd::router& r) {
  r.get("/poll", poll);
  r.post("/publish", publish);
  r.get("/stats", stats);
}
