// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/control_text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace perron::httpd::program {
namespace {

using nlohmann::json;
using row = std::vector<std::string>;

std::string text_of(const json& in, const char* key) {
  const auto at = in.find(key);
  if (at == in.end())
    return {};
  return at->is_string() ? at->get<std::string>() : at->dump();
}

/// Columns as wide as their widest cell, two blanks between them.
std::string table(const std::vector<row>& rows) {
  std::vector<std::size_t> widths;
  for (const row& r : rows)
    for (std::size_t i = 0; i < r.size(); ++i) {
      widths.resize(std::max(widths.size(), i + 1));
      widths[i] = std::max(widths[i], r[i].size());
    }
  std::string out;
  for (const row& r : rows) {
    std::string line;
    for (std::size_t i = 0; i < r.size(); ++i) {
      line += r[i];
      if (i + 1 < r.size())
        line.append(widths[i] - r[i].size() + 2, ' ');
    }
    out += line + '\n';
  }
  return out;
}

/// "3 d 4 h", "5 min 6 s".
std::string time_of(std::int64_t seconds) {
  const auto two = [](std::int64_t a, const char* of_a, std::int64_t b, const char* of_b) {
    return std::to_string(a) + ' ' + of_a + ' ' + std::to_string(b) + ' ' + of_b;
  };
  if (seconds >= 86'400)
    return two(seconds / 86'400, "d", seconds % 86'400 / 3600, "h");
  if (seconds >= 3600)
    return two(seconds / 3600, "h", seconds % 3600 / 60, "min");
  return two(seconds / 60, "min", seconds % 60, "s");
}

std::string status_text(const json& said) {
  std::string out = "perron " + text_of(said, "version") + ", pid " + text_of(said, "pid") + ", up " +
                    time_of(said.value("uptime", std::int64_t(0))) + '\n';
  if (const std::string file = text_of(said, "configuration"); !file.empty())
    out += "configuration " + file + ", generation " + text_of(said, "generation") + '\n';
  if (said.value("draining", false))
    out += "drained: nobody is accepted until the next reload\n";
  if (const auto last = said.find("last_reload"); last != said.end()) {
    const std::string ago = time_of(last->value("ago", std::int64_t(0))) + " ago";
    out += last->value("ok", false) ? "last reload " + ago + '\n'
                                    : "last reload " + ago + " failed:\n" + text_of(*last, "error") + '\n';
  }
  std::vector<row> rows{{"LISTENER", "CONNECTIONS", "REQUESTS", "RUNNING", "CRASHED", "TURNED AWAY"}};
  for (const json& l : said.value("listeners", json::array()))
    rows.push_back({text_of(l, "url"), text_of(l, "connections"), text_of(l, "requests"),
                    text_of(l, "running"), text_of(l, "crashed"), text_of(l, "turned_away")});
  out += table(rows);
  const auto nodes = said.find("nodes");
  if (nodes == said.end())
    return out;
  rows = {{"NODE", "PID", "UP", "RESTARTS", "CONNECTIONS", "REQUESTS"}};
  for (const json& n : *nodes)
    rows.push_back({text_of(n, "node"), n.value("up", false) ? text_of(n, "pid") : "down",
                    n.value("up", false) ? time_of(n.value("uptime", std::int64_t(0))) : "-",
                    text_of(n, "restarts"), text_of(n, "connections"), text_of(n, "requests")});
  return out + table(rows);
}

std::string reload_text(const json& said) {
  std::string out = "the configuration has been loaded anew\n";
  for (const json& n : said.value("behind", json::array()))
    out += "node " + text_of(n, "node") + " could not take it and is started again: " + text_of(n, "error") +
           '\n';
  return out;
}

std::string routes_text(const json& said) {
  std::vector<row> rows{{"LISTENER", "HOST", "METHOD", "PATTERN", "WHAT"}};
  for (const json& r : said.value("routes", json::array()))
    rows.push_back({text_of(r, "listener"), text_of(r, "host"), text_of(r, "method"), text_of(r, "pattern"),
                    text_of(r, "what")});
  return table(rows);
}

} // namespace

std::string control_text(std::string_view command, const json& said) {
  if (command == "status")
    return status_text(said);
  if (command == "routes")
    return routes_text(said);
  if (command == "reload")
    return reload_text(said);
  if (command == "drain")
    return "drained: no listener is open, no request is running\n";
  return "it stops\n";
}

} // namespace perron::httpd::program
