// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/report_html.hpp>

#include <perron/bench/soak/derived.hpp>
#include <perron/bench/soak/markup.hpp>
#include <perron/bench/soak/run_plots.hpp>
#include <perron/bench/soak/style.hpp>
#include <perron/bench/soak/units.hpp>

#include <algorithm>
#include <utility>

namespace perron::soak {

namespace {

std::string tag(const std::string& name, const std::string& inner, const std::string& kind = {}) {
  return '<' + name + (kind.empty() ? "" : " class=\"" + kind + '"') + '>' + inner + "</" + name + '>';
}

std::string head(const std::string& title) {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
         "<meta name=\"generator\" content=\"perron-soak\"/><title>" +
         escaped(title) + "</title><style>" + std::string(page_style) + "</style></head><body><main>\n";
}

constexpr const char* foot =
    "<footer><p>Made by perron-soak. The same figures are in the JSON file beside this one.</p></footer>"
    "</main></body></html>\n";

// A table whose first column heads its rows. Columns of `texts` are for reading, the others for comparing.
struct table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::size_t texts_from = 1000; // columns from there on are texts
};

std::string as_html(const table& t) {
  std::string result = "<div class=\"scroll\"><table><thead><tr>";
  for (std::size_t i = 0; i < t.columns.size(); ++i)
    result += "<th scope=\"col\"" + std::string(i >= t.texts_from ? " style=\"text-align:left\"" : "") + '>' +
              escaped(t.columns[i]) + "</th>";
  result += "</tr></thead><tbody>";
  for (const auto& row : t.rows) {
    result += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i)
      result += i == 0 ? "<th scope=\"row\">" + escaped(row[i]) + "</th>"
                       : tag("td", escaped(row[i]), i >= t.texts_from ? "text" : "number");
    result += "</tr>";
  }
  return result + "</tbody></table></div>\n";
}

std::string figure(const plot& p, const std::string& id, bool whole) {
  std::string result = whole ? "<figure class=\"whole\">" : "<figure>";
  result += "<figcaption>" + tag("h3", escaped(p.title)) + tag("span", escaped(p.y.title), "unit") +
            "</figcaption>";
  result += tag("div", to_svg(p, whole ? 1116 : 536, whole ? 320 : 280, id + "w"), "wide");
  result += tag("div", to_svg(p, 350, 250, id + "s"), "slim");
  if (!p.note.empty())
    result += tag("p", escaped(p.note), "note");
  return result + "</figure>\n";
}

// The first is the one that tells the story; it gets the whole width.
std::string figures(const std::vector<plot>& plots) {
  std::string result = "<div class=\"plots\">\n";
  for (std::size_t i = 0; i < plots.size(); ++i)
    result +=
        figure(plots[i], "p" + std::to_string(i), i == 0 || (i + 1 == plots.size() && plots.size() % 2 == 0));
  return result + "</div>\n";
}

struct tile {
  std::string what;
  std::string value;
  std::string more;
};

std::string tiles(const std::vector<tile>& all) {
  std::string result = "<ul class=\"tiles\">";
  for (const tile& t : all)
    result += "<li>" + tag("span", escaped(t.what), "what") + tag("span", escaped(t.value), "value") +
              tag("span", escaped(t.more), "more") + "</li>";
  return result + "</ul>\n";
}

std::string time_text(std::uint64_t ns) { return duration(static_cast<double>(ns)); }

std::string whole_bytes(std::optional<double> each) {
  return each ? grouped(static_cast<std::uint64_t>(std::max(*each, 0.0) + 0.5)) + " B" : "-";
}

// The histogram that a run is about: who was published to, who was answered, who got in.
std::pair<std::string, const histogram*> main_latency(const run_record& run) {
  for (const auto& [name, title] : {std::pair{"publish", "publish to receiver"},
                                    std::pair{"latency", "answer"}, std::pair{"connect", "connect"}})
    if (const histogram* h = histogram_named(run, name))
      return {title, h};
  return {"latency", nullptr};
}

const phase_figures* phase_named(const std::vector<phase_figures>& phases, std::string_view name) {
  const auto found =
      std::find_if(phases.begin(), phases.end(), [&](const phase_figures& p) { return p.name == name; });
  return found == phases.end() ? nullptr : &*found;
}

std::vector<tile> tiles_of(const run_record& run) {
  const auto phases = phases_of(run);
  std::vector<tile> result;
  result.push_back({"connections held", grouped(most_open(run)), "of " + grouped(run.wanted) + " wanted"});
  const std::uint64_t errors = sum_of(run.totals.errors);
  const auto main_error = std::max_element(run.totals.errors.begin(), run.totals.errors.end(),
                                           [](const auto& a, const auto& b) { return a.count < b.count; });
  result.push_back(
      {"errors", grouped(errors), errors == 0 ? "of any kind" : "most of them " + main_error->name});
  if (const auto each = user_bytes_per_connection(run))
    result.push_back({"server memory a connection", whole_bytes(each), "user space, its PSS"});
  if (const auto each = slab_bytes_per_connection(run))
    result.push_back({"kernel memory a connection", whole_bytes(each), "slab, both ends if both are here"});
  else if (!run.samples.empty() && run.samples.front().machine.slab_bytes > 0)
    result.push_back({"kernel memory a connection", "-", "others used the machine"});
  if (const auto [name, h] = main_latency(run); h != nullptr)
    result.push_back({name + ", p99", time_text(h->quantile(0.99)),
                      "median " + time_text(h->quantile(0.5)) + ", most " + time_text(h->max_ns())});
  if (const auto* hold = phase_named(phases, "hold");
      hold != nullptr && run.samples.front().server.processes > 0)
    result.push_back({"server CPU while held", fixed(hold->cpu_percent, 1) + " %", "of one core"});
  if (const auto* ramp = phase_named(phases, "ramp"))
    result.push_back({"opened in the ramp", brief(ramp->opened_per_s) + " /s",
                      "within " + fixed(ramp->to_s - ramp->from_s, 1) + " s"});
  const auto processes =
      std::max_element(run.samples.begin(), run.samples.end(), [](const sample& a, const sample& b) {
        return a.server.descriptors < b.server.descriptors;
      });
  if (processes != run.samples.end() && processes->server.processes > 0)
    result.push_back({"server processes", std::to_string(processes->server.processes),
                      grouped(processes->server.descriptors) + " descriptors at most"});
  return result;
}

std::string verdict_list(const std::vector<verdict>& verdicts) {
  std::string result = "<ul class=\"verdicts\">";
  for (const verdict& v : verdicts) {
    const char* kind = !v.holds ? "unknown" : *v.holds ? "holds" : "fails";
    const char* sign = !v.holds ? "\u2013 stated" : *v.holds ? "\u2713 holds" : "\u2717 fails";
    result += "<li>" + tag("span", sign, std::string("state ") + kind) + tag("span", escaped(v.line)) +
              (v.figures.empty() ? "" : tag("span", escaped(v.figures), "figures")) + "</li>";
  }
  return result + "</ul>\n";
}

table phase_table(const run_record& run) {
  table t{.columns = {"phase", "from", "to", "open", "opened/s", "answers/s", "messages/s", "errors", "CPU",
                      "server PSS"},
          .rows = {}};
  for (const phase_figures& p : phases_of(run))
    t.rows.push_back({p.name, clock(p.from_s), clock(p.to_s), grouped(p.open), brief(p.opened_per_s),
                      brief(p.answers_per_s), brief(p.messages_per_s), grouped(p.errors),
                      fixed(p.cpu_percent, 1) + " %",
                      p.pss_bytes ? bytes(static_cast<double>(*p.pss_bytes)) : "-"});
  return t;
}

table latency_table(const run_record& run) {
  table t{.columns = {"", "count", "mean", "median", "p90", "p99", "p99.9", "p99.99", "most"}, .rows = {}};
  for (const named_histogram& each : run.histograms) {
    const histogram& h = each.values;
    if (h.count() == 0)
      continue;
    t.rows.push_back({each.name, grouped(h.count()), duration(h.mean_ns()), time_text(h.quantile(0.5)),
                      time_text(h.quantile(0.9)), time_text(h.quantile(0.99)), time_text(h.quantile(0.999)),
                      time_text(h.quantile(0.9999)), time_text(h.max_ns())});
  }
  return t;
}

table count_table(const client_counts& c) {
  table t{.columns = {"", "in all"}, .rows = {}};
  const auto row = [&](const std::string& name, std::uint64_t n) { t.rows.push_back({name, grouped(n)}); };
  row("connections opened", c.opened);
  row("connections closed", c.closed);
  row("left open", c.open);
  row("requests", c.requests);
  row("answers", c.answers);
  row("messages", c.messages);
  t.rows.push_back({"received", bytes(static_cast<double>(c.bytes_in))});
  t.rows.push_back({"sent", bytes(static_cast<double>(c.bytes_out))});
  row("errors", sum_of(c.errors));
  for (const named_count& each : c.errors)
    if (each.count > 0)
      row("error: " + each.name, each.count);
  for (const named_count& each : c.meant)
    if (each.count > 0)
      row("on purpose: " + each.name, each.count);
  return t;
}

std::string section(const std::string& title, const std::string& inner) {
  return tag("h2", title) + '\n' + inner;
}

std::string machine_line(const machine_facts& m) {
  std::string result = m.system;
  if (m.cores > 0)
    result += ", " + std::to_string(m.cores) + (m.cores == 1 ? " core" : " cores");
  if (!m.processor.empty())
    result += " of " + m.processor;
  if (m.memory_bytes > 0)
    result += ", " + bytes(static_cast<double>(m.memory_bytes)) + " of memory";
  return result;
}

std::string header(const run_record& run) {
  std::string result = "<header>" + tag("p", escaped("perron-soak, " + run.started), "made") +
                       tag("h1", escaped(run.title)) + tag("p", escaped(machine_line(run.machine)), "soft");
  if (!run.command.empty())
    result += tag("p", tag("code", escaped(run.command)), "soft");
  return result + "</header>\n";
}

std::string setting_tables(const run_record& run) {
  table options{.columns = {"option", "value"}, .rows = {}, .texts_from = 1};
  for (const auto& [name, value] : run.options)
    options.rows.push_back({name, value});
  table limits{.columns = {"limit", "value", "what it bounds"}, .rows = {}, .texts_from = 1};
  for (const limit& each : run.machine.limits)
    limits.rows.push_back({each.name, each.value, each.meaning});
  std::string result;
  if (!run.server.command.empty())
    result +=
        section("Server", tag("p", tag("code", escaped(run.server.command))) +
                              tag("p",
                                  escaped(run.server.address + ", " + std::to_string(run.server.pids.size()) +
                                          (run.server.pids.size() == 1 ? " process" : " processes")),
                                  "soft"));
  if (!options.rows.empty())
    result += section("Options", as_html(options));
  if (!limits.rows.empty())
    result += section("Limits of the machine", as_html(limits));
  return result;
}

std::string event_table(const run_record& run) {
  table t{.columns = {"at", "what"}, .rows = {}, .texts_from = 1};
  for (const mark& m : run.marks)
    t.rows.push_back({clock(m.at_s), m.text});
  return t.rows.empty() ? std::string{} : section("Events", as_html(t));
}

std::string notes_of(const run_record& run) {
  std::string items;
  for (const std::string& note : run.notes)
    items += tag("li", escaped(note));
  return items.empty() ? std::string{} : section("Notes", tag("ul", items));
}

std::string optional_time(const histogram* h, double share) {
  return h == nullptr ? "-" : time_text(h->quantile(share));
}

table comparison(const std::vector<run_record>& runs) {
  table t{.columns = {"run", "held", "wanted", "errors", "opened/s", "median", "p99", "p99.9", "most",
                      "server / connection", "kernel / connection", "CPU held"},
          .rows = {}};
  for (const run_record& run : runs) {
    const auto phases = phases_of(run);
    const auto* ramp = phase_named(phases, "ramp");
    const auto* hold = phase_named(phases, "hold");
    const histogram* h = main_latency(run).second;
    t.rows.push_back({run.title, grouped(most_open(run)), grouped(run.wanted),
                      grouped(sum_of(run.totals.errors)), ramp == nullptr ? "-" : brief(ramp->opened_per_s),
                      optional_time(h, 0.5), optional_time(h, 0.99), optional_time(h, 0.999),
                      optional_time(h, 1), whole_bytes(user_bytes_per_connection(run)),
                      whole_bytes(slab_bytes_per_connection(run)),
                      hold == nullptr ? "-" : fixed(hold->cpu_percent, 1) + " %"});
  }
  return t;
}

} // namespace

std::string to_html(const run_record& run) {
  std::string page = head(run.title) + header(run) + tiles(tiles_of(run));
  if (!run.verdicts.empty())
    page += section("What it was to prove", verdict_list(run.verdicts));
  page += notes_of(run);
  if (const auto plots = plots_of(run); !plots.empty())
    page += section("How it went", figures(plots));
  page += section("Phases", as_html(phase_table(run)));
  if (const table latencies = latency_table(run); !latencies.rows.empty())
    page += section("Latencies", as_html(latencies));
  page += section("Counts", tag("div", as_html(count_table(run.totals)), "slender"));
  page += event_table(run) + setting_tables(run);
  return page + foot;
}

std::string to_html(const std::vector<run_record>& runs, const std::string& title) {
  std::string page =
      head(title) + "<header>" + tag("p", "perron-soak, several runs", "made") + tag("h1", escaped(title));
  for (std::size_t i = 0; i < runs.size(); ++i)
    page +=
        tag("p", tag("strong", escaped(runs[i].title), "k" + std::to_string(i % 8)) + ' ' +
                     tag("span", escaped(runs[i].started + ", " + machine_line(runs[i].machine)), "soft"));
  page += "</header>\n" + section("Beside each other", as_html(comparison(runs)));
  page += section("How they went", figures(plots_of(runs)));
  for (const run_record& run : runs)
    if (!run.verdicts.empty())
      page += section(escaped(run.title), verdict_list(run.verdicts));
  return page + foot;
}

} // namespace perron::soak
