// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/run_record.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace perron::soak {

// What follows from a record: nothing here is measured, all of it is reckoned from samples.

/// A stretch of samples with one name, and what happened in it.
struct phase_figures {
  std::string name;
  double from_s = 0;
  double to_s = 0;
  std::uint64_t open = 0; // at its end
  double opened_per_s = 0;
  double answers_per_s = 0;
  double messages_per_s = 0;
  std::uint64_t errors = 0; // within it
  double cpu_percent = 0;   // of one core
  std::optional<std::uint64_t> pss_bytes;
};

std::vector<phase_figures> phases_of(const run_record& run);

/// Connections in the sample in which most were open.
std::uint64_t most_open(const run_record& run);

/// Bytes that came with each connection since the first sample, by the one with most connections: the
/// server's user memory (proportional set size), the kernel's slab, and sockets' buffers. Empty where it was
/// not measured, or where so few were open that all else outweighs them (fewer than 100).
std::optional<double> user_bytes_per_connection(const run_record& run);
std::optional<double> slab_bytes_per_connection(const run_record& run);

/// Per cent of one core, between two samples.
double cpu_between(const sample& before, const sample& now);

/// Per second, between two values of a counter.
double rate_between(const sample& before, const sample& now, std::uint64_t client_counts::*counter);

std::uint64_t sum_of(const std::vector<named_count>& counts);

const histogram* histogram_named(const run_record& run, const std::string& name);

/// At most `most` samples that stand for all: the last of each few, with the highest of their quantiles.
std::vector<sample> thinned(const std::vector<sample>& samples, std::size_t most);

} // namespace perron::soak
