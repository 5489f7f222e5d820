// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/run_record.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace perron::soak {

/// What can be done with the terminal that a run is watched on.
struct terminal {
  int columns = 80;
  bool redraws = false; // lines may be drawn over; else each line stays, as in a log
  bool colours = false;
  bool unicode = false; // bars of blocks; else of '#'

  /// Of a descriptor: a terminal redraws unless TERM is dumb, and has colours unless NO_COLOR is set and not
  /// empty (no-color.org). Ask again when the window may have changed its size.
  static terminal of(int descriptor);
};

/// Where a run is; what a sample does not say.
struct progress {
  double phase_s = 0;  // since the phase began
  double phase_of = 0; // how long it will be; 0 when that is open
};

/// Shows a run while it goes on: on a terminal a few lines in place, elsewhere a line every five seconds and
/// one for each event and new phase. Belongs to one thread; reads no clock, writes only by `write`.
class display {
public:
  display(std::string title, terminal how, std::function<void(std::string_view)> write);

  /// To be called for each sample, in order. Rates are those between it and the one before.
  void show(const sample& now, const progress& where);

  /// A line that stays, above what is drawn.
  void event(const mark& what);

  /// Leaves what was drawn last, and ends.
  void finish();

  void resize(int columns) { how_.columns = columns; }

private:
  std::string back();

  std::string title_;
  terminal how_;
  std::function<void(std::string_view)> write_;
  sample before_;
  bool began_ = false;
  int drawn_lines_ = 0;
};

} // namespace perron::soak
