// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/run_plots.hpp>

#include <perron/bench/soak/derived.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

namespace perron::soak {

namespace {

constexpr std::size_t most_points = 320;

// Fewer connections than this say nothing about what one takes.
constexpr std::uint64_t enough_connections = 100;

// The colours' meanings, the same in all plots of one run.
enum colour : unsigned { blue, orange, green, violet, red, brown, teal, grey };

// A value of a sample, perhaps beside the one before and the first; none where it was not measured.
struct moment {
  const sample& first;
  const sample& before;
  const sample& now;
};
using value_of = std::function<std::optional<double>(const moment&)>;

std::vector<point> points_of(const std::vector<sample>& samples, const value_of& value) {
  std::vector<point> result;
  for (std::size_t i = 0; i < samples.size(); ++i)
    if (const auto y = value({samples.front(), samples[i == 0 ? 0 : i - 1], samples[i]}))
      result.push_back({.x = samples[i].at_s, .y = *y});
  return result;
}

value_of gauge(std::uint64_t client_counts::*counter) {
  return [=](const moment& m) { return static_cast<double>(m.now.clients.*counter); };
}

value_of rate(std::uint64_t client_counts::*counter) {
  return [=](const moment& m) -> std::optional<double> {
    if (&m.before == &m.now)
      return std::nullopt;
    return rate_between(m.before, m.now, counter);
  };
}

value_of latency(quantiles sample::*which, std::uint64_t quantiles::*quantile) {
  return [=](const moment& m) -> std::optional<double> {
    if ((m.now.*which).count == 0)
      return std::nullopt;
    return static_cast<double>(m.now.*which.*quantile);
  };
}

std::optional<double> cpu(const moment& m) {
  if (&m.before == &m.now || m.now.server.processes == 0)
    return std::nullopt;
  return cpu_between(m.before, m.now);
}

std::optional<double> per_connection(const moment& m, double from, double to) {
  // What drains has its memory back before all is closed.
  if (m.now.phase == "drain" || m.now.clients.open < enough_connections ||
      m.now.clients.open * 20 < m.now.clients.wanted)
    return std::nullopt;
  return std::max(0.0, (to - from) / static_cast<double>(m.now.clients.open));
}

std::optional<double> user_memory(const moment& m) {
  if (!m.now.server.pss_bytes || !m.first.server.pss_bytes)
    return std::nullopt;
  return per_connection(m, static_cast<double>(*m.first.server.pss_bytes),
                        static_cast<double>(*m.now.server.pss_bytes));
}

std::optional<double> resident_memory(const moment& m) {
  if (m.now.server.processes == 0)
    return std::nullopt;
  return per_connection(m, static_cast<double>(m.first.server.anonymous_bytes),
                        static_cast<double>(m.now.server.anonymous_bytes));
}

std::optional<double> kernel_memory(const moment& m) {
  return per_connection(m, static_cast<double>(m.first.machine.slab_bytes),
                        static_cast<double>(m.now.machine.slab_bytes));
}

std::optional<double> buffer_memory(const moment& m) {
  return per_connection(m, static_cast<double>(m.first.machine.socket_buffer_bytes),
                        static_cast<double>(m.now.machine.socket_buffer_bytes));
}

std::vector<span> spans_of(const run_record& run) {
  std::vector<span> result;
  for (const phase_figures& p : phases_of(run))
    result.push_back({.name = p.name, .from = p.from_s, .to = p.to_s});
  return result;
}

bool moves(const std::vector<point>& points) {
  return std::any_of(points.begin(), points.end(), [](const point& p) { return p.y > 0; });
}

// The axis of shares has equal steps for 90 %, 99 %, 99.9 %.
std::vector<point> percentiles_of(const histogram& h) {
  std::vector<point> result;
  const double most = std::log10(static_cast<double>(std::max<std::uint64_t>(h.count(), 1)));
  constexpr int parts = 30;
  for (int i = 0; i <= static_cast<int>(most * parts); ++i) {
    const double nines = static_cast<double>(i) / parts;
    const double share = 1 - std::pow(10, -nines);
    result.push_back({.x = nines, .y = static_cast<double>(h.quantile(share))});
  }
  result.push_back({.x = most, .y = static_cast<double>(h.max_ns())});
  return result;
}

const std::vector<std::pair<const char*, const char*>>& kinds_of_latency() {
  static const std::vector<std::pair<const char*, const char*>> kinds = {
      {"latency", "answer"},
      {"service", "answer, from when it was asked"},
      {"publish", "publish"},
      {"connect", "connect"}};
  return kinds;
}

plot over_time(std::string title, measure what, std::string y_title, std::string note = {}) {
  return {.title = std::move(title),
          .note = std::move(note),
          .x = {.title = "time", .what = measure::clock},
          .y = {.title = std::move(y_title), .what = what},
          .curves = {},
          .spans = {},
          .marks = {}};
}

plot percentile_plot(std::string title) {
  return {.title = std::move(title),
          .note = "How long the slowest tenth, hundredth, thousandth, ... waited at least.",
          .x = {.title = "share that was as fast or faster", .what = measure::percentile},
          .y = {.title = "latency", .what = measure::nanoseconds, .logarithmic = true},
          .curves = {},
          .spans = {},
          .marks = {}};
}

plot latency_plot(const std::vector<sample>& samples, std::string title, quantiles sample::*which) {
  plot p = over_time(std::move(title), measure::nanoseconds, "latency");
  p.y.logarithmic = true;
  p.curves = {
      {.name = "most", .colour = grey, .points = points_of(samples, latency(which, &quantiles::max))},
      {.name = "p99.9", .colour = violet, .points = points_of(samples, latency(which, &quantiles::p999))},
      {.name = "p99", .colour = orange, .points = points_of(samples, latency(which, &quantiles::p99))},
      {.name = "median", .colour = blue, .points = points_of(samples, latency(which, &quantiles::p50))}};
  return p;
}

plot error_plot(const std::vector<sample>& samples) {
  plot p = over_time("Errors by kind", measure::number, "errors so far");
  if (samples.empty())
    return p;
  for (std::size_t i = 0; i < samples.back().clients.errors.size() && p.curves.size() < 8; ++i) {
    curve c{.name = samples.back().clients.errors[i].name,
            .colour = static_cast<unsigned>(p.curves.size() + red) % 8,
            .points = points_of(samples, [i](const moment& m) -> std::optional<double> {
              const auto& errors = m.now.clients.errors;
              return i < errors.size() ? static_cast<double>(errors[i].count) : 0.0;
            })};
    if (moves(c.points))
      p.curves.push_back(std::move(c));
  }
  return p;
}

} // namespace

std::vector<plot> plots_of(const run_record& run) {
  const std::vector<sample> samples = thinned(run.samples, most_points);
  std::vector<plot> all;

  plot connections = over_time("Connections", measure::number, "connections");
  connections.curves = {{.name = "wanted",
                         .colour = grey,
                         .points = points_of(samples, gauge(&client_counts::wanted)),
                         .dashed = true},
                        {.name = "open",
                         .colour = blue,
                         .points = points_of(samples, gauge(&client_counts::open)),
                         .filled = true}};
  all.push_back(std::move(connections));

  plot throughput = over_time("Throughput", measure::number, "per second");
  const std::pair<const char*, std::uint64_t client_counts::*> rates[] = {
      {"opened", &client_counts::opened},
      {"answers", &client_counts::answers},
      {"messages", &client_counts::messages}};
  for (unsigned i = 0; i < std::size(rates); ++i)
    if (curve c{.name = rates[i].first, .colour = i, .points = points_of(samples, rate(rates[i].second))};
        moves(c.points))
      throughput.curves.push_back(std::move(c));
  all.push_back(std::move(throughput));

  all.push_back(latency_plot(samples, "Latency of answers", &sample::latency));
  all.push_back(latency_plot(samples, "From publishing to the receiver", &sample::publish));
  all.push_back(latency_plot(samples, "From connecting to the first answer", &sample::connect));

  plot percentiles = percentile_plot("Latency by percentile");
  for (unsigned i = 0; i < kinds_of_latency().size(); ++i)
    if (const histogram* h = histogram_named(run, kinds_of_latency()[i].first))
      percentiles.curves.push_back(
          {.name = kinds_of_latency()[i].first, .colour = i, .points = percentiles_of(*h)});
  all.push_back(std::move(percentiles));

  plot memory =
      over_time("Memory of a connection", measure::bytes, "bytes of each connection",
                "What came since the first sample, divided by the open connections. Kernel: slab and "
                "buffers of both ends where client and server share the machine.");
  memory.curves = {
      {.name = "kernel", .colour = orange, .points = points_of(samples, kernel_memory)},
      {.name = "buffers", .colour = violet, .points = points_of(samples, buffer_memory)},
      {.name = "server", .colour = blue, .points = points_of(samples, resident_memory)},
      {.name = "its PSS", .colour = teal, .points = points_of(samples, user_memory), .dashed = true}};
  std::erase_if(memory.curves, [](const curve& c) { return !moves(c.points); });
  all.push_back(std::move(memory));

  plot total = over_time("Memory in all", measure::bytes, "bytes");
  total.curves = {
      {.name = "kernel",
       .colour = orange,
       .points =
           points_of(samples, [](const moment& m) { return static_cast<double>(m.now.machine.slab_bytes); })},
      {.name = "buffers",
       .colour = violet,
       .points = points_of(
           samples, [](const moment& m) { return static_cast<double>(m.now.machine.socket_buffer_bytes); })},
      {.name = "server", .colour = blue, .points = points_of(samples, [](const moment& m) {
                                           return static_cast<double>(m.now.server.anonymous_bytes);
                                         })}};
  all.push_back(std::move(total));

  plot busy = over_time("CPU of the server", measure::percent, "per cent of one core");
  busy.curves = {{.name = "CPU", .colour = green, .points = points_of(samples, cpu), .filled = true}};
  all.push_back(std::move(busy));

  plot descriptors = over_time("Descriptors of the server", measure::number, "descriptors");
  descriptors.curves = {
      {.name = "descriptors", .colour = brown, .points = points_of(samples, [](const moment& m) {
                                                 return static_cast<double>(m.now.server.descriptors);
                                               })}};
  if (moves(descriptors.curves[0].points))
    all.push_back(std::move(descriptors));

  all.push_back(error_plot(samples));

  std::erase_if(all, [](const plot& p) { return !has_points(p); });
  for (plot& p : all)
    if (p.x.what == measure::clock) {
      p.spans = spans_of(run);
      p.marks = run.marks;
    }
  return all;
}

std::vector<plot> plots_of(const std::vector<run_record>& runs) {
  std::vector<std::vector<sample>> samples;
  samples.reserve(runs.size());
  for (const run_record& run : runs)
    samples.push_back(thinned(run.samples, most_points));
  std::vector<plot> all;
  const auto lay = [&](plot p, const value_of& value) {
    for (unsigned i = 0; i < runs.size(); ++i)
      if (curve c{.name = runs[i].title, .colour = i, .points = points_of(samples[i], value)};
          moves(c.points))
        p.curves.push_back(std::move(c));
    all.push_back(std::move(p));
  };
  lay(over_time("Connections", measure::number, "connections"), gauge(&client_counts::open));
  lay(over_time("Answers", measure::number, "per second"), rate(&client_counts::answers));
  lay(over_time("Messages", measure::number, "per second"), rate(&client_counts::messages));
  lay(over_time("Connections opened", measure::number, "per second"), rate(&client_counts::opened));
  plot p99 = over_time("99th percentile of latency", measure::nanoseconds, "latency");
  p99.y.logarithmic = true;
  lay(std::move(p99), latency(&sample::latency, &quantiles::p99));
  for (const auto& [name, title] : kinds_of_latency()) {
    plot p = percentile_plot(std::string("Percentiles: ") + title);
    for (unsigned i = 0; i < runs.size(); ++i)
      if (const histogram* h = histogram_named(runs[i], name))
        p.curves.push_back({.name = runs[i].title, .colour = i, .points = percentiles_of(*h)});
    all.push_back(std::move(p));
  }
  lay(over_time("User memory of a connection", measure::bytes, "bytes of each connection"), resident_memory);
  lay(over_time("Kernel memory of a connection", measure::bytes, "bytes of each connection",
                "Slab of both ends where client and server share the machine."),
      kernel_memory);
  lay(over_time("CPU of the server", measure::percent, "per cent of one core"), cpu);
  lay(over_time("Errors", measure::number, "errors so far"),
      [](const moment& m) { return static_cast<double>(sum_of(m.now.clients.errors)); });
  std::erase_if(all, [](const plot& p) { return !has_points(p); });
  return all;
}

} // namespace perron::soak
