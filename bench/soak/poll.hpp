// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/http_activity.hpp>
#include <perron/bench/soak/listening.hpp>

#include <cstdint>
#include <string>

namespace perron::soak {

/// Connections that wait in a long poll, whose answer is the announcement, and then in the next one as long
/// as there are more to come.
class poll_activity final : public http_activity {
public:
  /// `publishes`: how many announcements there will be in all.
  poll_activity(connections& all, const std::string& path, std::uint8_t share, std::uint32_t publishes)
      : http_activity(all, path, bodies::kept, times::untaken), listening_(all, share),
        publishes_(publishes) {}

  void opened(link& l) override;
  void enter(const phase& p, std::int64_t) override { listening_.enter(p); }

private:
  void answered(link& l, std::string_view body) override;
  void wait(link& l);

  listening listening_;
  const std::uint32_t publishes_;
};

} // namespace perron::soak
