// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/http_activity.hpp>
#include <perron/bench/soak/ramp.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace perron::soak {

/// Connections that come and go while a hold lasts: each is opened, asks once with Connection: close, and is
/// closed when it has the answer. At a rate, or each link again as soon as it is free. Latencies count from
/// when a connection was due to be opened to the end of its answer.
class churn_activity final : public http_activity {
public:
  /// `rate`: of this client process; 0: as fast as it goes.
  churn_activity(connections& all, const std::string& path, std::uint8_t share, double rate)
      : http_activity(all, path, bodies::skipped, times::taken), parting_(get(path, "Connection: close\r\n")),
        share_(share), rate_(rate) {}

  void opened(link& l) override { ask(l, parting_, l.due_ns); }
  void gone(link& l) override;
  bool expected_end(link& l) override;
  void enter(const phase& p, std::int64_t now) override;
  void work(std::int64_t now) override;
  std::int64_t due_ns() const override;
  bool finished() const override { return !running_ || rests_.empty(); }

private:
  struct rest {
    std::int64_t until_ns;
    std::uint32_t index;
  };

  void answered(link& l, std::string_view body) override;

  const std::string parting_;
  const std::uint8_t share_;
  const double rate_;
  bool running_ = false;
  ramp due_{never_ns, 0};
  std::uint64_t begun_ = 0;
  std::vector<std::uint32_t> free_;
  std::deque<rest> rests_; // of links that got no answer: a server that is gone is not to be stormed
};

} // namespace perron::soak
