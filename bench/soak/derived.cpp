// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/derived.hpp>

#include <algorithm>

namespace perron::soak {

namespace {

constexpr std::uint64_t too_few = 100;

void raise(quantiles& to, const quantiles& other) {
  to.count += other.count;
  to.p50 = std::max(to.p50, other.p50);
  to.p90 = std::max(to.p90, other.p90);
  to.p99 = std::max(to.p99, other.p99);
  to.p999 = std::max(to.p999, other.p999);
  to.max = std::max(to.max, other.max);
}

// The last of the samples with most connections of those that `counts`; one of the hold, if there is any.
// What drains has its memory back before all is closed.
template <class Counts>
const sample* fullest(const run_record& run, Counts counts) {
  const sample* found = nullptr;
  for (const sample& s : run.samples) {
    if (!counts(s) || s.clients.open < too_few || s.phase == "drain")
      continue;
    const bool better =
        found == nullptr || (s.phase == "hold") > (found->phase == "hold") ||
        ((s.phase == "hold") == (found->phase == "hold") && s.clients.open >= found->clients.open);
    if (better)
      found = &s;
  }
  return found;
}

std::optional<double> grown(std::uint64_t from, std::uint64_t to, std::uint64_t connections) {
  if (to <= from)
    return std::nullopt;
  return static_cast<double>(to - from) / static_cast<double>(connections);
}

} // namespace

double cpu_between(const sample& before, const sample& now) {
  const double passed = now.at_s - before.at_s;
  const double used = now.server.user_s + now.server.system_s - before.server.user_s - before.server.system_s;
  return passed > 0 ? std::max(0.0, used / passed * 100) : 0;
}

double rate_between(const sample& before, const sample& now, std::uint64_t client_counts::*counter) {
  const double passed = now.at_s - before.at_s;
  const std::uint64_t from = before.clients.*counter;
  const std::uint64_t to = now.clients.*counter;
  return passed > 0 && to > from ? static_cast<double>(to - from) / passed : 0;
}

std::uint64_t sum_of(const std::vector<named_count>& counts) {
  std::uint64_t result = 0;
  for (const named_count& each : counts)
    result += each.count;
  return result;
}

std::vector<phase_figures> phases_of(const run_record& run) {
  std::vector<phase_figures> result;
  const sample* began = nullptr;
  for (std::size_t i = 0; i < run.samples.size(); ++i) {
    const sample& now = run.samples[i];
    if (result.empty() || result.back().name != now.phase) {
      // A phase begins where the last one ended.
      began = i == 0 ? &now : &run.samples[i - 1];
      result.push_back({.name = now.phase, .from_s = began->at_s, .pss_bytes = {}});
    }
    phase_figures& p = result.back();
    p.to_s = now.at_s;
    p.open = now.clients.open;
    p.opened_per_s = rate_between(*began, now, &client_counts::opened);
    p.answers_per_s = rate_between(*began, now, &client_counts::answers);
    p.messages_per_s = rate_between(*began, now, &client_counts::messages);
    p.errors =
        sum_of(now.clients.errors) - std::min(sum_of(began->clients.errors), sum_of(now.clients.errors));
    p.cpu_percent = cpu_between(*began, now);
    if (now.server.pss_bytes)
      p.pss_bytes = now.server.pss_bytes;
  }
  std::erase_if(result, [](const phase_figures& p) { return p.to_s <= p.from_s; });
  return result;
}

std::uint64_t most_open(const run_record& run) {
  std::uint64_t result = 0;
  for (const sample& s : run.samples)
    result = std::max(result, s.clients.open);
  return result;
}

std::optional<double> user_bytes_per_connection(const run_record& run) {
  const sample* full = fullest(run, [](const sample& s) { return s.server.pss_bytes.has_value(); });
  if (full == nullptr || !run.samples.front().server.pss_bytes)
    return std::nullopt;
  return grown(*run.samples.front().server.pss_bytes, *full->server.pss_bytes, full->clients.open);
}

std::optional<double> slab_bytes_per_connection(const run_record& run) {
  const sample* full = fullest(run, [](const sample& s) { return s.machine.slab_bytes > 0; });
  if (full == nullptr)
    return std::nullopt;
  return grown(run.samples.front().machine.slab_bytes, full->machine.slab_bytes, full->clients.open);
}

const histogram* histogram_named(const run_record& run, const std::string& name) {
  for (const named_histogram& each : run.histograms)
    if (each.name == name && each.values.count() > 0)
      return &each.values;
  return nullptr;
}

std::vector<sample> thinned(const std::vector<sample>& samples, std::size_t most) {
  if (samples.size() <= most || most < 2)
    return samples;
  const std::size_t each = (samples.size() + most - 1) / most;
  std::vector<sample> result{samples.front()};
  for (std::size_t i = 1; i < samples.size(); i += each) {
    const std::size_t end = std::min(i + each, samples.size());
    sample stands = samples[end - 1];
    for (std::size_t k = i; k + 1 < end; ++k) {
      raise(stands.connect, samples[k].connect);
      raise(stands.latency, samples[k].latency);
      raise(stands.service, samples[k].service);
      raise(stands.publish, samples[k].publish);
      // Read seldom, and not to be lost.
      if (!stands.server.pss_bytes && samples[k].server.pss_bytes &&
          samples[k].clients.open == stands.clients.open)
        stands.server.pss_bytes = samples[k].server.pss_bytes;
    }
    result.push_back(std::move(stands));
  }
  return result;
}

} // namespace perron::soak
