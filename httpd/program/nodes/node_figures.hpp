// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/metrics/metrics.hpp>
#include <perron/httpd/program/nodes/shared_text.hpp>
#include <perron/runtime/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The figures of several nodes as those of one program.
namespace perron::httpd::program {

/// A node's figures as it sends them to the others, and back.
std::string to_text(const metrics_snapshot& figures);
runtime::result<metrics_snapshot> read_figures(std::string_view text);

/// Adds what can be added: counters, histograms, and gauges of which the program has the sum. Of times the
/// first start counts; workers are listed one behind the other.
void add(metrics_snapshot& to, const metrics_snapshot& figures);
/// Only what counts up; the rest is nought.
metrics_snapshot counters_of(const metrics_snapshot& figures);

/// What one node was found to be.
struct node_figures {
  unsigned node = 0;
  std::uint64_t start = 0;                   ///< the how-manieth of this node
  std::optional<metrics_snapshot> figures{}; ///< none: it did not answer
};

/// The sum over all nodes. Counters never go back when a node is started again: what it was last seen to have
/// counted goes on to count (what came after that is lost with it). `seen` keeps that; the caller has its
/// turn. May wait for another process.
metrics_snapshot add_up(const std::vector<node_figures>& all, const shared_text& seen);

} // namespace perron::httpd::program
