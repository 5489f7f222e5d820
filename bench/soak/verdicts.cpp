// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/verdicts.hpp>

#include <perron/bench/soak/derived.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace perron::soak {

namespace {

std::string number(std::uint64_t n) { return std::to_string(n); }

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string ms(std::uint64_t ns) { return fixed(static_cast<double>(ns) / 1e6, 2) + " ms"; }

bool has_phase(const scenario& run, phase_kind kind) {
  return std::any_of(run.phases.begin(), run.phases.end(), [&](const phase& p) { return p.what == kind; });
}

/// Nothing but what is held, and is quiet while it is.
bool is_quiet(const scenario& run) {
  return std::all_of(run.shares.begin(), run.shares.end(), [](const share& s) {
    return s.what == mode::idle || s.what == mode::poll || s.what == mode::sse || s.what == mode::ws;
  });
}

const sample* last_of(const run_record& record, std::string_view phase) {
  const sample* found = nullptr;
  for (const sample& each : record.samples)
    if (each.phase == phase)
      found = &each;
  return found;
}

const sample* first_of(const run_record& record, std::string_view phase) {
  for (const sample& each : record.samples)
    if (each.phase == phase)
      return &each;
  return nullptr;
}

verdict held(const run_record& record) {
  const sample* end = last_of(record, "hold");
  if (end == nullptr)
    end = last_of(record, "ramp");
  const std::uint64_t open = end == nullptr ? 0 : end->clients.open;
  return {"all connections are open at the end of the hold", open >= record.wanted,
          number(open) + " of " + number(record.wanted)};
}

std::optional<verdict> cost(const run_record& record) {
  const sample* const end = last_of(record, "hold");
  if (end == nullptr || record.samples.empty() || end->clients.open == 0 || end->server.processes == 0)
    return std::nullopt;
  const sample& before = record.samples.front();
  const auto per = [&](std::uint64_t then, std::uint64_t now) {
    return fixed(std::max(static_cast<double>(now) - static_cast<double>(then), 0.0) /
                     static_cast<double>(end->clients.open),
                 0);
  };
  std::string figures =
      per(before.server.anonymous_bytes, end->server.anonymous_bytes) + " bytes a connection in the server";
  if (end->server.pss_bytes && before.server.pss_bytes)
    figures += " (PSS " + per(*before.server.pss_bytes, *end->server.pss_bytes) + ")";
  figures += ", " +
             per(before.machine.slab_bytes + before.machine.socket_buffer_bytes,
                 end->machine.slab_bytes + end->machine.socket_buffer_bytes) +
             " in the kernel for both ends";
  return verdict{"cost of a connection", std::nullopt, std::move(figures)};
}

/// Of the second half of the hold: what comes after a ramp is not rest yet.
std::optional<verdict> at_rest(const run_record& record) {
  const sample* const first = first_of(record, "hold");
  const sample* const end = last_of(record, "hold");
  if (first == nullptr || end->at_s - first->at_s < 2 || end->server.processes == 0)
    return std::nullopt;
  const double half_s = (first->at_s + end->at_s) / 2;
  const auto begin = std::find_if(record.samples.begin(), record.samples.end(),
                                  [&](const sample& s) { return s.phase == "hold" && s.at_s >= half_s; });
  if (end->at_s <= begin->at_s)
    return std::nullopt;
  const double percent = cpu_between(*begin, *end);
  return verdict{"at rest the server takes at most 2 % of a processor", percent <= 2,
                 fixed(percent, 2) + " %, in the second half of the hold"};
}

verdict published(const findings& found) {
  bool all = !found.publishes.empty();
  std::string figures;
  for (const publish_result& each : found.publishes) {
    all = all && each.heard >= each.listening && each.listening != 0;
    figures += (figures.empty() ? "" : "; ") + number(each.heard) + " of " + number(each.listening) +
               ", the last after " + fixed(each.last_s, 3) + " s" +
               (each.repeats == 0 ? "" : ", published again " + number(each.repeats) + " times");
  }
  return {"everybody who listens gets what is published", all, std::move(figures)};
}

verdict errors(const run_record& record) {
  std::string figures = number(sum_of(record.totals.errors));
  for (const named_count& each : record.totals.errors)
    if (each.count != 0)
      figures += ", " + each.name + ' ' + number(each.count);
  return {"no errors", sum_of(record.totals.errors) == 0, std::move(figures)};
}

verdict left_over(const run_record& record, const accident_counts& a) {
  const std::uint64_t before = record.samples.empty() ? 0 : record.samples.front().server.descriptors;
  const std::uint64_t after = record.samples.empty() ? 0 : record.samples.back().server.descriptors;
  std::string figures = number(record.totals.open) + " open at the clients";
  if (after != 0)
    figures += ", descriptors of the server: before " + number(before) + ", after " + number(after);
  if (a.silent != 0)
    figures += ", where " + number(a.silent) + " clients vanished without a word";
  // A few are of the server's own: a log, a timer, a pool that has grown.
  constexpr std::uint64_t own = 64;
  return {"nothing is left over after the drain", record.totals.open == 0 && after <= before + own + a.silent,
          std::move(figures)};
}

/// How many bytes the server grows with each connection that comes and goes, by the least squares line
/// through the samples of the hold's second half: before that, pools grow to what they need.
std::optional<verdict> growth(const run_record& record) {
  std::vector<std::pair<double, double>> points; // connections closed, bytes
  for (const sample& each : record.samples)
    if (each.phase == "hold" && each.server.processes != 0)
      points.emplace_back(static_cast<double>(each.clients.closed),
                          static_cast<double>(each.server.anonymous_bytes));
  points.erase(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(points.size() / 2));
  constexpr std::size_t least = 8;
  if (points.size() < least)
    return std::nullopt;
  const auto n = static_cast<double>(points.size());
  double mean_x = 0;
  double mean_y = 0;
  for (const auto& [x, y] : points)
    mean_x += x / n, mean_y += y / n;
  double xx = 0;
  double xy = 0;
  for (const auto& [x, y] : points)
    xx += (x - mean_x) * (x - mean_x), xy += (x - mean_x) * (y - mean_y);
  if (xx == 0)
    return std::nullopt;
  const double slope = xy / xx;
  return verdict{"memory does not grow with the connections that come and go", slope < 0.5,
                 fixed(slope, 3) + " bytes a connection by regression, " +
                     number(record.samples.back().clients.closed) + " connections"};
}

verdict survivors(const findings& found) {
  const double ratio = found.probe_calm_p99_ns == 0 ? 0
                                                    : static_cast<double>(found.probe_chaos_p99_ns) /
                                                          static_cast<double>(found.probe_calm_p99_ns);
  std::optional<bool> holds;
  constexpr std::uint64_t least = 1000; // so that ten are slower than the p99
  if (found.probes_in_chaos >= least && found.probes_in_calm >= least)
    holds = ratio <= 2;
  return {"in chaos the p99 of others stays within 2 x of calm", holds,
          ms(found.probe_calm_p99_ns) + " in calm, where as many ask and come again, " +
              ms(found.probe_chaos_p99_ns) + " in chaos, ratio " + fixed(ratio, 2) + "; of " +
              number(found.probes_in_calm) + " and " + number(found.probes_in_chaos) + " requests; " +
              ms(found.probe_rest_p99_ns) + " at rest (second half of the hold), of " +
              number(found.probes_at_rest)};
}

/// Resets whose cause is taken from how the connection began are only believed where clients vanish, and
/// while they are few.
bool is_credible(const run_record& record, const accident_counts& a) {
  return a.cut_behind_remains == 0 ||
         (a.silent != 0 && a.cut_behind_remains <= record.totals.opened / 10'000);
}

verdict accounted(const run_record& record, const accident_counts& a) {
  return {"every loss in chaos is accounted for", sum_of(record.totals.errors) == 0 && is_credible(record, a),
          number(a.kills) + " processes killed, " + number(a.lost_by_kill) + " connections lost with them, " +
              number(a.lost_unanswered) + " of these before their first answer; " + number(a.crashed) +
              " handlers crashed; " + number(a.vanished) + " clients vanished; " + number(a.cut_by_kernel) +
              " reset by the kernel, with the server's end still open, and " + number(a.cut_behind_remains) +
              " more before their first answer, their SYN having been sent twice; " + number(a.reconnected) +
              " connections opened again, " + number(a.said_goodbye) + " of them in calm; " +
              number(sum_of(record.totals.errors)) + " losses unexplained"};
}

} // namespace

std::vector<verdict> judge(const scenario& run, const run_record& record, const findings& found) {
  std::vector<verdict> all;
  if (has_phase(run, phase_kind::ramp) && held_by(run) != 0)
    all.push_back(held(record));
  if (held_by(run) != 0)
    if (auto bytes = cost(record))
      all.push_back(std::move(*bytes));
  if (is_quiet(run))
    if (auto rest = at_rest(record))
      all.push_back(std::move(*rest));
  if (std::any_of(run.shares.begin(), run.shares.end(), [](const share& s) { return s.what == mode::churn; }))
    if (auto slope = growth(record))
      all.push_back(std::move(*slope));
  if (has_phase(run, phase_kind::publish))
    all.push_back(published(found));
  if (has_phase(run, phase_kind::chaos)) {
    all.push_back(survivors(found));
    all.push_back(accounted(record, found.accidents));
  }
  all.push_back(errors(record));
  all.push_back(left_over(record, found.accidents));
  return all;
}

} // namespace perron::soak
