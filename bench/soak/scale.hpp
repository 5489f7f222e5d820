// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/plot.hpp>

#include <vector>

namespace perron::soak {

/// Where the values of an axis lie between two ends of a drawing.
class scale {
public:
  /// For values from `least` to `most`; both are moved out to what is written there. A linear one begins at
  /// 0, but for a clock's. `room` is about how many ticks there is place for.
  scale(const axis& a, double least, double most, int room);

  /// 0 at the lower end, 1 at the upper.
  double place(double value) const;
  const std::vector<double>& ticks() const { return ticks_; }

private:
  void linear(measure what, double least, double most, int room);
  void logarithmic(double least, double most, int room);

  bool logarithmic_;
  double from_ = 0;
  double to_ = 1;
  std::vector<double> ticks_;
};

} // namespace perron::soak
