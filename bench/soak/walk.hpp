// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/connections.hpp>

#include <cstdint>

namespace perron::soak {

/// A question to each link of a share, some at a time. Part of an activity that probes what it holds.
class walk {
public:
  walk(connections& all, std::uint8_t share) : all_(all), share_(share) {}

  void begin() { next_ = 0; }
  void stop() { next_ = nowhere; }
  bool is_over() const { return next_ == nowhere && in_flight_ == 0; }

  /// Asks as many as may be asked by now. `ask(link)` is called for links that are open and have no question
  /// out.
  template <class Ask>
  void go_on(Ask ask) {
    constexpr std::uint32_t most = 64;
    auto& links = all_.links();
    for (; next_ < links.size() && in_flight_ < most; ++next_) {
      link& l = links[next_];
      if (l.share != share_ || l.state != link_state::open || l.asked)
        continue;
      ++in_flight_;
      l.probed = true;
      ask(l);
    }
    if (next_ >= links.size())
      next_ = nowhere;
  }

  /// The link has answered or is gone; true if the question was the walk's.
  bool ended(link& l) {
    if (!l.probed)
      return false;
    l.probed = false;
    --in_flight_;
    return true;
  }

private:
  static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

  connections& all_;
  const std::uint8_t share_;
  std::uint32_t next_ = nowhere;
  std::uint32_t in_flight_ = 0;
};

} // namespace perron::soak
