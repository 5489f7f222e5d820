// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/run_record.hpp>

#include <cstdint>
#include <string>

namespace perron::soak {

/// A run as it may come: 1,000 connections opened within ten seconds and held for twenty, then woken.
inline run_record example_run(const std::string& title = "1,000 long polls") {
  run_record run;
  run.title = title;
  run.command = "perron-soak 1000 --mode poll";
  run.started = "2026-11-27T00:10:00Z";
  run.wanted = 1000;
  run.options = {{"mode", "poll"}, {"connections", "1000"}};
  run.machine = {
      .system = "Linux 6.1.0 x86_64",
      .processor = "A processor",
      .cores = 2,
      .memory_bytes = 24'000'000'000,
      .limits = {{.name = "net.core.somaxconn", .value = "4096", .meaning = "accept queue of a listener"}}};
  run.server = {.command = "kitchen_sink --port 8080", .address = "127.0.0.1:8080", .pids = {41, 42}};
  histogram latency;
  for (int i = 0; i <= 60; ++i) {
    const auto n = static_cast<std::uint64_t>(i);
    sample s;
    s.at_s = i * 0.5;
    s.phase = i <= 20 ? "ramp" : i < 60 ? "hold" : "publish";
    s.clients.wanted = 1000;
    s.clients.open = i <= 20 ? n * 50 : 1000;
    s.clients.opened = s.clients.open;
    s.clients.requests = s.clients.open;
    s.clients.answers = i < 60 ? n : 1000 + n;
    s.clients.errors = {{.name = "refused", .count = 0}, {.name = "reset", .count = n / 30}};
    s.clients.meant = {{.name = "vanished", .count = n / 10}};
    s.server = {.processes = 2,
                .anonymous_bytes = 10'000'000 + s.clients.open * 1100,
                .descriptors = 20 + s.clients.open,
                .user_s = i * 0.1,
                .system_s = i * 0.05,
                .pss_bytes = {},
                .private_bytes = {}};
    if (i % 20 == 0) {
      s.server.pss_bytes = 11'000'000 + s.clients.open * 1000;
      s.server.private_bytes = 9'000'000 + s.clients.open * 1000;
    }
    s.machine.available_bytes = 20'000'000'000;
    s.machine.slab_bytes = 100'000'000 + s.clients.open * 7000;
    s.machine.slab_unreclaimable = s.machine.slab_bytes;
    s.machine.socket_buffer_bytes = 4096 * n;
    s.latency = {
        .count = 10, .p50 = 100'000 + n, .p90 = 200'000, .p99 = 400'000, .p999 = 900'000, .max = 1'000'000};
    run.samples.push_back(s);
    latency.record(100'000 + n * 1000, 7);
  }
  latency.record(30'000'000);
  run.totals = run.samples.back().clients;
  run.histograms.push_back({.name = "latency", .values = latency});
  run.marks = {{.at_s = 12.5, .text = "node 1 killed"}, {.at_s = 29.5, .text = "published"}};
  run.verdicts = {{.line = "all connections held", .holds = true, .figures = "1,000 of 1,000"},
                  {.line = "no errors", .holds = false, .figures = "2"},
                  {.line = "a CPU at rest is idle", .holds = {}, .figures = "not measured"}};
  run.notes = {"/proc/slabinfo is not readable"};
  return run;
}

} // namespace perron::soak
