// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/node_figures.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace perron::httpd::program {
namespace {

using nlohmann::json;
using runtime::node_stats;

/// A figure of a struct: where it is, and whether it only counts up.
template <class Struct, class Number = std::uint64_t>
struct figure {
  Number Struct::*where;
  bool counts;
};

constexpr std::array<figure<server_stats>, 16> of_listener{{{&server_stats::connections, false},
                                                            {&server_stats::accepted, true},
                                                            {&server_stats::requests, true},
                                                            {&server_stats::running, false},
                                                            {&server_stats::crashed, true},
                                                            {&server_stats::client_gone, true},
                                                            {&server_stats::slow_readers, true},
                                                            {&server_stats::late, true},
                                                            {&server_stats::drained, true},
                                                            {&server_stats::killed, true},
                                                            {&server_stats::refused, true},
                                                            {&server_stats::limited, true},
                                                            {&server_stats::in_flight, false},
                                                            {&server_stats::handshakes, true},
                                                            {&server_stats::handshakes_failed, true},
                                                            {&server_stats::turned_away, true}}};
constexpr std::array<figure<node_stats>, 12> of_node{{{&node_stats::processes, false},
                                                      {&node_stats::spawned, true},
                                                      {&node_stats::ended, true},
                                                      {&node_stats::crashed, true},
                                                      {&node_stats::messages, true},
                                                      {&node_stats::turns, true},
                                                      {&node_stats::stolen, true},
                                                      {&node_stats::taken_over, true},
                                                      {&node_stats::timers, false},
                                                      {&node_stats::sockets, false},
                                                      {&node_stats::abandoned_stacks, true},
                                                      {&node_stats::crash_reports_dropped, true}}};
constexpr std::array<figure<node_stats, std::size_t>, 2> sizes_of_node{
    {{&node_stats::process_memory, false}, {&node_stats::stacks_in_use, false}}};
constexpr std::array<figure<process_figures>, 4> of_process{{{&process_figures::resident_bytes, false},
                                                             {&process_figures::virtual_bytes, false},
                                                             {&process_figures::open_files, false},
                                                             {&process_figures::max_files, false}}};
constexpr std::array<figure<request_figures>, 3> of_site{{{&request_figures::refused, true},
                                                          {&request_figures::upgraded, true},
                                                          {&request_figures::body_bytes, true}}};
constexpr std::array<figure<log_counts>, 2> of_log{
    {{&log_counts::written, true}, {&log_counts::dropped, true}}};

template <class Table, class Struct>
json numbers(const Table& table, const Struct& from) {
  json out = json::array();
  for (const auto& each : table)
    out.push_back(from.*each.where);
  return out;
}

template <class Table, class Struct>
void read(const Table& table, const json& from, Struct& to) {
  for (std::size_t i = 0; i < table.size(); ++i)
    from.at(i).get_to(to.*table[i].where);
}

template <class Table, class Struct>
void sum(const Table& table, Struct& to, const Struct& from) {
  for (const auto& each : table)
    to.*each.where += from.*each.where;
}

template <class Table, class Struct>
void drop_gauges(const Table& table, Struct& of) {
  for (const auto& each : table)
    if (!each.counts)
      of.*each.where = 0;
}

/// That of this name, which is made if there is none.
template <class List>
auto& named(List& list, const std::string& name) {
  for (auto& [its_name, value] : list)
    if (its_name == name)
      return value;
  return list.emplace_back(name, typename List::value_type::second_type{}).second;
}

json to_json(const metrics_snapshot& s) {
  json out = {{"version", s.version},
              {"listeners", json::array()},
              {"sites", json::array()},
              {"node", numbers(of_node, s.node)},
              {"sizes", numbers(sizes_of_node, s.node)},
              {"workers", json::array()},
              {"process", numbers(of_process, s.process)},
              {"cpu", s.process.cpu_seconds},
              {"start", s.process.start_time},
              {"log", numbers(of_log, s.log)}};
  for (const auto& [name, stats] : s.listeners)
    out["listeners"].push_back({name, numbers(of_listener, stats)});
  for (const auto& [name, f] : s.sites)
    out["sites"].push_back({name, numbers(of_site, f), f.by_class, f.took, f.seconds});
  for (const auto& w : s.node.workers)
    out["workers"].push_back({w.queue, w.utilisation});
  return out;
}

metrics_snapshot of_json(const json& said) {
  metrics_snapshot out;
  said.at("version").get_to(out.version);
  read(of_node, said.at("node"), out.node);
  read(sizes_of_node, said.at("sizes"), out.node);
  read(of_process, said.at("process"), out.process);
  said.at("cpu").get_to(out.process.cpu_seconds);
  said.at("start").get_to(out.process.start_time);
  read(of_log, said.at("log"), out.log);
  for (const json& l : said.at("listeners"))
    read(of_listener, l.at(1), out.listeners.emplace_back(l.at(0).get<std::string>(), server_stats{}).second);
  for (const json& s : said.at("sites")) {
    request_figures& f = out.sites.emplace_back(s.at(0).get<std::string>(), request_figures{}).second;
    read(of_site, s.at(1), f);
    s.at(2).get_to(f.by_class);
    s.at(3).get_to(f.took);
    s.at(4).get_to(f.seconds);
  }
  for (const json& w : said.at("workers"))
    out.node.workers.push_back({w.at(0).get<std::size_t>(), w.at(1).get<double>()});
  return out;
}

/// What `seen` keeps: what those that are gone had counted, and what each was last seen to have.
struct memory {
  struct sight {
    std::uint64_t start = 0;
    metrics_snapshot figures{};
  };
  metrics_snapshot gone{};
  std::map<unsigned, sight> last{};

  static memory read(const shared_text& from) {
    memory out;
    const json said = json::parse(from.read(), nullptr, false);
    if (!said.is_object())
      return out;
    out.gone = of_json(said.at("gone"));
    for (const json& each : said.at("last"))
      out.last[each.at(0).get<unsigned>()] = {each.at(1).get<std::uint64_t>(), of_json(each.at(2))};
    return out;
  }
  void write(const shared_text& to) const {
    json out = {{"gone", to_json(gone)}, {"last", json::array()}};
    for (const auto& [node, each] : last)
      out["last"].push_back({node, each.start, to_json(each.figures)});
    to.write(out.dump());
  }
};

} // namespace

std::string to_text(const metrics_snapshot& figures) {
  return to_json(figures).dump(-1, ' ', false, json::error_handler_t::replace);
}

runtime::result<metrics_snapshot> read_figures(std::string_view text) {
  try {
    return of_json(json::parse(text));
  } catch (const json::exception& e) {
    return runtime::error{e.what()};
  }
}

void add(metrics_snapshot& to, const metrics_snapshot& figures) {
  if (to.version.empty())
    to.version = figures.version;
  for (const auto& [name, stats] : figures.listeners)
    sum(of_listener, named(to.listeners, name), stats);
  for (const auto& [name, f] : figures.sites) {
    request_figures& all = named(to.sites, name);
    sum(of_site, all, f);
    for (std::size_t i = 0; i < f.by_class.size(); ++i)
      all.by_class[i] += f.by_class[i];
    for (std::size_t i = 0; i < f.took.size(); ++i)
      all.took[i] += f.took[i];
    all.seconds += f.seconds;
  }
  sum(of_node, to.node, figures.node);
  sum(sizes_of_node, to.node, figures.node);
  to.node.workers.insert(to.node.workers.end(), figures.node.workers.begin(), figures.node.workers.end());
  sum(of_process, to.process, figures.process);
  to.process.cpu_seconds += figures.process.cpu_seconds;
  if (figures.process.start_time > 0)
    to.process.start_time = to.process.start_time > 0
                                ? std::min(to.process.start_time, figures.process.start_time)
                                : figures.process.start_time;
  sum(of_log, to.log, figures.log);
}

metrics_snapshot counters_of(const metrics_snapshot& figures) {
  metrics_snapshot out = figures;
  for (auto& [name, stats] : out.listeners)
    drop_gauges(of_listener, stats);
  drop_gauges(of_node, out.node);
  drop_gauges(sizes_of_node, out.node);
  out.node.workers.clear();
  drop_gauges(of_process, out.process);
  out.process.start_time = 0;
  return out;
}

metrics_snapshot add_up(const std::vector<node_figures>& all, const shared_text& seen) {
  memory keeps = memory::read(seen);
  metrics_snapshot out;
  for (const node_figures& each : all) {
    const auto before = keeps.last.find(each.node);
    if (each.figures) {
      if (before != keeps.last.end() && before->second.start != each.start)
        add(keeps.gone, counters_of(before->second.figures));
      keeps.last[each.node] = {each.start, *each.figures};
      add(out, *each.figures);
    } else if (before != keeps.last.end()) {
      add(out, counters_of(before->second.figures));
    }
  }
  keeps.write(seen);
  add(out, keeps.gone);
  return out;
}

} // namespace perron::httpd::program
