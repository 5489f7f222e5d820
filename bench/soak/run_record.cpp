// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/run_record.hpp>

namespace perron::soak {

quantiles quantiles_of(const histogram& h) {
  return {.count = h.count(),
          .p50 = h.quantile(0.5),
          .p90 = h.quantile(0.9),
          .p99 = h.quantile(0.99),
          .p999 = h.quantile(0.999),
          .max = h.max_ns()};
}

} // namespace perron::soak
