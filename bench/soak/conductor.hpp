// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/fleet.hpp>
#include <perron/bench/soak/options.hpp>
#include <perron/bench/soak/run_record.hpp>
#include <perron/bench/soak/server_watch.hpp>
#include <perron/bench/soak/verdicts.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace perron::soak {

/// Who is told of a run while it goes on.
struct audience {
  /// Each half second: the sample, seconds since the phase began, and how many it has (0: open).
  std::function<void(const sample&, double, double)> sampled;
  std::function<void(const mark&)> marked;
};

/// Leads a fleet through the phases of a scenario, and takes samples meanwhile. One thread.
class conductor {
public:
  /// `stop` becomes readable when the run is to end early; -1: never. `server` may be missing.
  conductor(const soak_options& options, fleet& clients, std::optional<server_watch> server, int stop,
            audience tells, run_record& record);

  /// All phases, the drain even if it was stopped before.
  void run();

  /// After run().
  const findings& found() const { return found_; }

private:
  void run_phase(std::uint32_t number);
  void ramp_up(std::uint32_t number);
  bool wait_done(std::uint32_t number, double patience_s);
  void publish_all();
  void publish_once();
  void have_accidents();
  void kill_one();
  void settle();
  void drain();
  /// False: the run is to end.
  bool pause_until(std::int64_t at_ns);
  void take_sample(bool with_memory);
  void mark_now(std::string text);
  void note(std::string text) { record_.notes.push_back(std::move(text)); }
  double since(std::int64_t ns) const;

  const soak_options& options_;
  fleet& clients_;
  std::optional<server_watch> server_;
  const int stop_;
  audience tells_;
  run_record& record_;
  const std::int64_t began_ns_;
  const phase* phase_ = nullptr;
  std::int64_t phase_began_ns_ = 0;
  std::int64_t next_sample_ns_ = 0;
  histogram connect_, latency_, service_, publish_; // as of the last sample
  bool stopped_ = false;
  findings found_;
};

} // namespace perron::soak
