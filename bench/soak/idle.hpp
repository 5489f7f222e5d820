// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/http_activity.hpp>
#include <perron/bench/soak/walk.hpp>

#include <cstdint>
#include <string>

namespace perron::soak {

/// Keep-alive connections that are held and say nothing, until a probe asks each of them once more.
class idle_activity final : public http_activity {
public:
  idle_activity(connections& all, const std::string& path, std::uint8_t share)
      : http_activity(all, path, bodies::skipped, times::taken), crash_(get("/crash")), probe_(all, share) {}

  void opened(link&) override {}
  void gone(link& l) override;
  bool crash(link& l) override;
  bool ask_once(link& l) override;
  void enter(const phase& p, std::int64_t now) override;
  void work(std::int64_t now) override;
  bool finished() const override { return probe_.is_over(); }

private:
  void answered(link& l, std::string_view body) override;

  const std::string crash_;
  walk probe_;
};

} // namespace perron::soak
