// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/report_json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <type_traits>

namespace perron::soak {

namespace {

using json = nlohmann::ordered_json;

constexpr const char* format_name = "perron-soak/1";

// Each shape is told once, as fields(shape, visit), for writing and for reading.

template <class Shape, class Visit>
void fields_of_counts(Shape& s, Visit visit) {
  visit("wanted", s.wanted);
  visit("opening", s.opening);
  visit("open", s.open);
  visit("opened", s.opened);
  visit("closed", s.closed);
  visit("requests", s.requests);
  visit("answers", s.answers);
  visit("messages", s.messages);
  visit("bytes_in", s.bytes_in);
  visit("bytes_out", s.bytes_out);
}

template <class Shape, class Visit>
void fields_of_server(Shape& s, Visit visit) {
  visit("processes", s.processes);
  visit("anonymous_bytes", s.anonymous_bytes);
  visit("descriptors", s.descriptors);
  visit("user_s", s.user_s);
  visit("system_s", s.system_s);
  visit("pss_bytes", s.pss_bytes);
  visit("private_bytes", s.private_bytes);
}

template <class Shape, class Visit>
void fields_of_machine(Shape& s, Visit visit) {
  visit("available_bytes", s.available_bytes);
  visit("slab_bytes", s.slab_bytes);
  visit("slab_unreclaimable_bytes", s.slab_unreclaimable);
  visit("page_table_bytes", s.page_table_bytes);
  visit("socket_buffer_bytes", s.socket_buffer_bytes);
  visit("sockets", s.sockets);
  visit("time_wait", s.time_wait);
  visit("socket_slab_bytes", s.socket_slab_bytes);
}

template <class Shape, class Visit>
void fields_of_quantiles(Shape& s, Visit visit) {
  visit("count", s.count);
  visit("p50_ns", s.p50);
  visit("p90_ns", s.p90);
  visit("p99_ns", s.p99);
  visit("p999_ns", s.p999);
  visit("max_ns", s.max);
}

struct writer {
  json& into;
  template <class T>
  void operator()(const char* name, const T& value) const {
    into[name] = value;
  }
  template <class T>
  void operator()(const char* name, const std::optional<T>& value) const {
    if (value)
      into[name] = *value;
  }
};

// Throws when `from` is no object, or what it has is of another type.
struct reader {
  const json& from;
  template <class T>
  void operator()(const char* name, T& value) const {
    if (const json* found = get(name))
      found->get_to(value);
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& value) const {
    if (const json* found = get(name); found != nullptr && !found->is_null())
      value = found->template get<T>();
  }
  const json* get(const char* name) const {
    const auto& object = from.get_ref<const json::object_t&>();
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &found->second;
  }
};

const json& part(const json& from, const char* name) {
  static const json nothing = json::object();
  const auto found = from.find(name);
  return found == from.end() ? nothing : *found;
}

const json& list(const json& from, const char* name) {
  static const json nothing = json::array();
  const auto found = from.find(name);
  return found == from.end() ? nothing : *found;
}

json of_named(const std::vector<named_count>& counts) {
  json result = json::object();
  for (const named_count& each : counts)
    result[each.name] = each.count;
  return result;
}

std::vector<named_count> named_from(const json& from) {
  std::vector<named_count> result;
  for (const auto& [name, count] : from.items())
    result.push_back({.name = name, .count = count.get<std::uint64_t>()});
  return result;
}

json of_counts(const client_counts& counts) {
  json result = json::object();
  fields_of_counts(counts, writer{result});
  result["errors"] = of_named(counts.errors);
  result["meant"] = of_named(counts.meant);
  return result;
}

client_counts counts_from(const json& from) {
  client_counts result;
  fields_of_counts(result, reader{from});
  result.errors = named_from(part(from, "errors"));
  result.meant = named_from(part(from, "meant"));
  return result;
}

json of_quantiles(const quantiles& q) {
  json result = json::object();
  if (q.count > 0)
    fields_of_quantiles(q, writer{result});
  return result;
}

quantiles quantiles_from(const json& from) {
  quantiles result;
  fields_of_quantiles(result, reader{from});
  return result;
}

json of_sample(const sample& s) {
  json result{{"at_s", s.at_s}, {"phase", s.phase}, {"clients", of_counts(s.clients)}};
  fields_of_server(s.server, writer{result["server"]});
  fields_of_machine(s.machine, writer{result["machine"]});
  result["connect"] = of_quantiles(s.connect);
  result["latency"] = of_quantiles(s.latency);
  result["service"] = of_quantiles(s.service);
  result["publish"] = of_quantiles(s.publish);
  return result;
}

sample sample_from(const json& from) {
  sample result;
  reader{from}("at_s", result.at_s);
  reader{from}("phase", result.phase);
  result.clients = counts_from(part(from, "clients"));
  fields_of_server(result.server, reader{part(from, "server")});
  fields_of_machine(result.machine, reader{part(from, "machine")});
  result.connect = quantiles_from(part(from, "connect"));
  result.latency = quantiles_from(part(from, "latency"));
  result.service = quantiles_from(part(from, "service"));
  result.publish = quantiles_from(part(from, "publish"));
  return result;
}

// The summary is for readers; `buckets`, pairs of upper end and count, is all there is to know.
json of_histogram(const named_histogram& named) {
  json result{{"name", named.name}, {"mean_ns", named.values.mean_ns()}};
  const quantiles summary = quantiles_of(named.values);
  fields_of_quantiles(summary, writer{result});
  json& buckets = result["buckets"] = json::array();
  named.values.for_each([&](std::uint64_t upper, std::uint64_t count) {
    buckets.push_back({std::min(upper, named.values.max_ns()), count});
  });
  return result;
}

void histogram_from(const json& from, std::vector<named_histogram>& into) {
  named_histogram& result = into.emplace_back();
  reader{from}("name", result.name);
  for (const json& bucket : list(from, "buckets"))
    result.values.record(bucket.at(0).get<std::uint64_t>(), bucket.at(1).get<std::uint64_t>());
}

json of_machine(const machine_facts& facts) {
  json result{{"system", facts.system},
              {"processor", facts.processor},
              {"cores", facts.cores},
              {"memory_bytes", facts.memory_bytes},
              {"limits", json::array()}};
  for (const limit& each : facts.limits)
    result["limits"].push_back({{"name", each.name}, {"value", each.value}, {"meaning", each.meaning}});
  return result;
}

machine_facts machine_from(const json& from) {
  machine_facts result;
  const reader read{from};
  read("system", result.system);
  read("processor", result.processor);
  read("cores", result.cores);
  read("memory_bytes", result.memory_bytes);
  for (const json& each : list(from, "limits")) {
    limit& one = result.limits.emplace_back();
    reader{each}("name", one.name);
    reader{each}("value", one.value);
    reader{each}("meaning", one.meaning);
  }
  return result;
}

run_record record_from(const json& from) {
  run_record result;
  const reader read{from};
  read("title", result.title);
  read("command", result.command);
  read("started", result.started);
  read("wanted", result.wanted);
  for (const auto& [name, value] : part(from, "options").items())
    result.options.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  result.machine = machine_from(part(from, "machine"));
  reader{part(from, "server")}("command", result.server.command);
  reader{part(from, "server")}("address", result.server.address);
  reader{part(from, "server")}("pids", result.server.pids);
  for (const json& each : list(from, "verdicts")) {
    verdict& one = result.verdicts.emplace_back();
    reader{each}("line", one.line);
    reader{each}("holds", one.holds);
    reader{each}("figures", one.figures);
  }
  read("notes", result.notes);
  result.totals = counts_from(part(from, "totals"));
  for (const json& each : list(from, "histograms"))
    histogram_from(each, result.histograms);
  for (const json& each : list(from, "marks")) {
    mark& one = result.marks.emplace_back();
    reader{each}("at_s", one.at_s);
    reader{each}("text", one.text);
  }
  for (const json& each : list(from, "samples"))
    result.samples.push_back(sample_from(each));
  return result;
}

} // namespace

std::string to_json(const run_record& run) {
  json all{{"format", format_name},
           {"title", run.title},
           {"command", run.command},
           {"started", run.started},
           {"wanted", run.wanted},
           {"options", json::object()},
           {"machine", of_machine(run.machine)},
           {"server",
            {{"command", run.server.command}, {"address", run.server.address}, {"pids", run.server.pids}}},
           {"verdicts", json::array()},
           {"notes", run.notes},
           {"totals", of_counts(run.totals)},
           {"histograms", json::array()},
           {"marks", json::array()},
           {"samples", json::array()}};
  for (const auto& [name, value] : run.options)
    all["options"][name] = value;
  for (const verdict& each : run.verdicts)
    all["verdicts"].push_back({{"line", each.line},
                               {"holds", each.holds ? json(*each.holds) : json(nullptr)},
                               {"figures", each.figures}});
  for (const named_histogram& each : run.histograms)
    all["histograms"].push_back(of_histogram(each));
  for (const mark& each : run.marks)
    all["marks"].push_back({{"at_s", each.at_s}, {"text", each.text}});
  for (const sample& each : run.samples)
    all["samples"].push_back(of_sample(each));
  return all.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

runtime::result<run_record> run_from_json(std::string_view text) {
  try {
    const json all = json::parse(text);
    if (!all.is_object() || all.value("format", "") != format_name)
      return runtime::error{.text = std::string("not of format ") + format_name};
    return record_from(all);
  } catch (const json::exception& wrong) {
    return runtime::error{.text = wrong.what()};
  }
}

} // namespace perron::soak
