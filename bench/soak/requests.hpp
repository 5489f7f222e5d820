// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/http_activity.hpp>
#include <perron/bench/soak/ramp.hpp>

#include <cstdint>
#include <deque>
#include <string>

namespace perron::soak {

/// Keep-alive connections that ask while a hold lasts: each again as soon as it is answered (closed loop), or
/// at a rate in all, whatever the answers do (open loop). Then latencies count from when a question was due,
/// so that a stall of the server is seen by every question that fell into it.
class requests_activity final : public http_activity {
public:
  /// `rate`: of this client process; 0: closed loop.
  requests_activity(connections& all, const std::string& path, std::uint8_t share, double rate)
      : http_activity(all, path, bodies::skipped, times::taken), crash_(get("/crash")), share_(share),
        rate_(rate) {}

  void opened(link& l) override;
  void gone(link& l) override;
  bool expected_end(link& l) override { return ended_whole(l); }
  bool crash(link& l) override;
  /// It asks without being told.
  bool ask_once(link&) override { return true; }
  void enter(const phase& p, std::int64_t now) override;
  void work(std::int64_t now) override;
  std::int64_t due_ns() const override;

private:
  enum step : std::uint8_t { usual, to_crash, crashing };

  void answered(link& l, std::string_view body) override;
  void next(link& l);

  const std::string crash_;
  const std::uint8_t share_;
  const double rate_;
  bool running_ = false;
  ramp due_{never_ns, 0};
  std::uint64_t asked_ = 0;
  std::deque<std::uint32_t> free_; // open loop: least recently used first
};

} // namespace perron::soak
