// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/http_activity.hpp>

#include <cstdint>
#include <string>

namespace perron::soak {

/// Keep-alive connections that are held and say nothing, until a probe asks each of them once more.
class idle_activity final : public http_activity {
public:
  idle_activity(connections& all, const std::string& path, std::uint8_t share)
      : http_activity(all, path, bodies::skipped), crash_(get("/crash")), share_(share) {}

  void opened(link&) override {}
  void gone(link& l) override;
  bool crash(link& l) override;
  void enter(const phase& p, std::int64_t now) override;
  void work(std::int64_t now) override;
  bool finished() const override { return next_ == never && in_flight_ == 0; }

private:
  static constexpr std::uint32_t never = ~std::uint32_t{0};
  enum step : std::uint8_t { resting, probed, crashing };

  void answered(link& l, std::string_view body) override;

  const std::string crash_;
  const std::uint8_t share_;
  std::uint32_t next_ = never; // first link that the probe has still to ask
  std::uint32_t in_flight_ = 0;
};

} // namespace perron::soak
