// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/scale.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace perron::soak {

namespace {

// The round step that cuts a length into at most about so many parts.
double round_step(double length, int parts) {
  const double raw = length / std::max(parts, 1);
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= raw * 0.999)
      return factor * power;
  return 10 * power;
}

double clock_step(double length, int parts) {
  constexpr std::array steps = {1.0,   2.0,   5.0,    10.0,   15.0,   30.0,    60.0,    120.0,  300.0,
                                600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0};
  for (const double step : steps)
    if (length / step <= std::max(parts, 1))
      return step;
  return 86400;
}

} // namespace

scale::scale(const axis& a, double least, double most, int room) : logarithmic_(a.logarithmic) {
  if (logarithmic_)
    logarithmic(least, most, room);
  else
    linear(a.what, least, most, room);
}

void scale::linear(measure what, double least, double most, int room) {
  if (what == measure::percentile) {
    to_ = std::max(1.0, most);
    ticks_.push_back(0);
    for (int nines = 1; nines <= static_cast<int>(to_ + 1e-9); ++nines)
      ticks_.push_back(nines);
    return;
  }
  if (what == measure::clock) {
    from_ = least;
    to_ = std::max(most, least + 1);
    const double step = clock_step(to_ - from_, room);
    for (double at = std::ceil(from_ / step) * step; at <= to_ + step / 1000; at += step)
      ticks_.push_back(at);
    return;
  }
  const double top = most > 0 ? most * 1.04 : 1;
  double step = round_step(top, room);
  if (what == measure::number && step < 1 && most >= 1)
    step = 1;
  to_ = std::ceil(top / step - 1e-9) * step;
  for (double at = 0; at <= to_ + step / 1000; at += step)
    ticks_.push_back(at);
}

void scale::logarithmic(double least, double most, int room) {
  least = std::max(least, 1e-9);
  most = std::max(most, least * 1.01);
  const double lower = std::floor(std::log10(least) + 1e-9);
  const double upper = std::log10(most);
  const bool few = upper - lower < 2.5;
  from_ = lower;
  to_ = std::max(upper + 0.05, lower + 0.5);
  if (few)
    from_ = std::max(lower, std::log10(least) - 0.3);
  const int every = std::max(1, static_cast<int>(std::ceil((to_ - from_) / std::max(room, 1))));
  for (int decade = static_cast<int>(lower); decade <= to_ + 1e-9; decade += every)
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10, decade);
      const double place = std::log10(value);
      if ((factor < 1.5 || few) && place >= from_ - 1e-9 && place <= to_ + 1e-9)
        ticks_.push_back(value);
    }
}

double scale::place(double value) const {
  if (logarithmic_)
    value = value > 0 ? std::log10(value) : from_;
  return std::clamp((value - from_) / (to_ - from_), 0.0, 1.0);
}

} // namespace perron::soak
