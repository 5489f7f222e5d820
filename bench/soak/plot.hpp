// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/run_record.hpp>

#include <string>
#include <vector>

namespace perron::soak {

/// What an axis counts, which decides its ticks and how they are written.
enum class measure { number, bytes, nanoseconds, percent, clock, percentile };

struct axis {
  std::string title;
  measure what = measure::number;
  bool logarithmic = false;
};

struct point {
  double x = 0;
  double y = 0;
};

/// A line. `colour` is one of eight, 0 to 7, the same for the same thing in all plots.
struct curve {
  std::string name;
  unsigned colour = 0;
  std::vector<point> points; // in order of x
  bool filled = false;       // the area below it, too
  bool dashed = false;
};

/// A span of x with a name: a phase.
struct span {
  std::string name;
  double from = 0;
  double to = 0;
};

struct plot {
  std::string title;
  std::string note; // a sentence below it; may be empty
  axis x;
  axis y;
  std::vector<curve> curves;
  std::vector<span> spans;
  std::vector<mark> marks;
};

/// Whether there is anything to draw.
bool has_points(const plot& p);

/// An <svg> of that many units, which are pixels at full size. Its colours are CSS variables of the page
/// (style.hpp). Percentiles on an x axis are given as log10(1 / (1 - share)), so that 90 %, 99 %, 99.9 % are
/// equally far apart. `id` is unique in the page.
std::string to_svg(const plot& p, double width, double height, const std::string& id);

/// What the plot says, in a sentence for those who do not see it.
std::string in_words(const plot& p);

/// A value of an axis as its ticks have it.
std::string tick_text(double value, measure what);

} // namespace perron::soak
