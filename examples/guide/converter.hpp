// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/server.hpp>

#include <stdexcept>

namespace guide {

struct fahrenheit {
  using reply = double;
  double celsius;
};

struct converter {
  using calls = perron::runtime::protocol<fahrenheit>;

  double handle_call(fahrenheit f) {
    if (f.celsius < -273.15)
      throw std::domain_error("colder than cold");
    return f.celsius * 1.8 + 32;
  }
};

} // namespace guide
