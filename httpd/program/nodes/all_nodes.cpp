// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/all_nodes.hpp>

#include <perron/httpd/program/control.hpp>
#include <perron/httpd/program/figures.hpp>
#include <perron/httpd/program/nodes/node_figures.hpp>
#include <perron/httpd/program/nodes/questions.hpp>
#include <perron/runtime/blocking.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/supervisors/siblings.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd::program {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// A node that is up and busy answers later than this only if something is wrong with it.
constexpr auto patience = 5s;
constexpr auto time_to_drain = 25h; // drain_time is a day at most

std::uint64_t restarts_of(const running_program& p, unsigned node) {
  const std::uint64_t starts = p.shared->shown->nodes[node].starts;
  return starts == 0 ? 0 : starts - 1;
}

/// Adds up the numbers of listeners at the same URL.
void add_listeners(json& to, const json& more) {
  for (const json& l : more) {
    json* same = nullptr;
    for (json& each : to)
      if (each["url"] == l["url"] && each["name"] == l["name"])
        same = &each;
    if (same == nullptr) {
      to.push_back(l);
      continue;
    }
    for (const auto& [key, value] : l.items())
      if (value.is_number_unsigned())
        (*same)[key] = (*same)[key].get<std::uint64_t>() + value.get<std::uint64_t>();
  }
}

/// Out of what the nodes said; `null`: that one did not answer.
json sum_of_status(const running_program& p, const std::vector<json>& by_node) {
  program_status whole;
  whole.started = p.shared->started;
  const ledger now = ledger::read(*p.shared->configuration_in_force);
  whole.file = now.file;
  whole.generation = now.generation;
  whole.reloads = now.reloads;
  whole.last = now.last;
  whole.draining = p.state->load() == readiness::draining;
  json out = to_json(whole);
  out["pid"] = p.shared->parent;
  out["nodes"] = json::array();
  for (unsigned node = 0; node < by_node.size(); ++node) {
    const json& said = by_node[node];
    json line = {{"node", node}, {"up", said.is_object()}, {"restarts", restarts_of(p, node)}};
    if (said.is_object()) {
      for (const char* key : {"pid", "uptime", "generation", "connections", "requests"})
        line[key] = said.at(key);
      for (const char* key : {"connections", "requests"})
        out[key] = out[key].get<std::uint64_t>() + said.at(key).get<std::uint64_t>();
      add_listeners(out["listeners"], said.at("listeners"));
    }
    out["nodes"].push_back(std::move(line));
  }
  return out;
}

} // namespace

void answer_other_nodes(const running_program& p) {
  siblings::answer(questions::status, [](std::string_view) {
    return to_json(runtime::call(the_keeper(), status_call{}).value())
        .dump(-1, ' ', false, json::error_handler_t::replace);
  });
  siblings::answer(questions::figures, [](std::string_view) { return to_text(gather_figures()); });
  siblings::answer(questions::lives, [workers = p.parts.workers](std::string_view time) {
    if (!do_workers_answer(workers, std::chrono::milliseconds(std::stoll(std::string(time)))))
      throw std::runtime_error("a worker does not answer");
    return std::string();
  });
  siblings::answer(questions::catch_up, [](std::string_view) {
    // one that has just begun looks by itself, when it announces what it listens on
    if (!the_keeper())
      return std::string("begins");
    runtime::call(the_keeper(), catch_up_call{}, runtime::no_timeout).value().value();
    return std::string();
  });
  siblings::answer(questions::drain, [](std::string_view) {
    runtime::call(the_keeper(), drain_call{}, runtime::no_timeout).value().value();
    return std::string();
  });
}

nlohmann::json status_of_all(const running_program& p) {
  std::vector<json> by_node(p.shared->nodes);
  for (const siblings::reply& r : siblings::ask_all(questions::status, "", patience))
    if (r.bytes && r.node < by_node.size())
      by_node[r.node] = json::parse(*r.bytes, nullptr, false);
  return runtime::blocking([&] { return sum_of_status(p, by_node); });
}

metrics_snapshot figures_of_all(const running_program& p) {
  const auto turn = runtime::blocking([&] { return p.shared->figures_seen->take_turn(); });
  std::vector<node_figures> all;
  std::vector<node_condition> nodes;
  for (const siblings::reply& r : siblings::ask_all(questions::figures, "", patience)) {
    node_figures each{r.node, p.shared->shown->nodes[r.node].starts, {}};
    if (r.bytes)
      if (auto read = read_figures(*r.bytes))
        each.figures = std::move(*read);
    nodes.push_back({r.node, each.figures.has_value(), restarts_of(p, r.node)});
    all.push_back(std::move(each));
  }
  return runtime::blocking([&] {
    metrics_snapshot out = add_up(all, *p.shared->figures_seen);
    const ledger now = ledger::read(*p.shared->configuration_in_force);
    out.nodes = std::move(nodes);
    out.reloads = now.reloads;
    out.failed_reloads = now.failed;
    out.config_time = std::chrono::duration<double>(now.loaded.time_since_epoch()).count();
    return out;
  });
}

runtime::result<void> drain_all(const running_program& p) {
  p.state->store(readiness::draining);
  for (const siblings::reply& r : siblings::ask_all(questions::drain, "", time_to_drain))
    if (!r.bytes && r.bytes.error().code != ENOTCONN)
      return runtime::error{"node " + std::to_string(r.node) + ": " + r.bytes.error().text,
                            r.bytes.error().code};
  return {};
}

bool do_all_nodes_answer(std::chrono::milliseconds time) {
  for (const siblings::reply& r : siblings::ask_all(questions::lives, std::to_string(time.count()), 2 * time))
    if (!r.bytes && r.bytes.error().code != ENOTCONN)
      return false;
  return true;
}

} // namespace perron::httpd::program
