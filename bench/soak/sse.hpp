// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/http_activity.hpp>
#include <perron/bench/soak/listening.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace perron::soak {

/// Connections that hold a stream of events (text/event-stream) and hear announcements in it. Without a path
/// of its own it is one of kitchen_sink's channel, subscribed to the topic "soak".
class sse_activity final : public http_activity {
public:
  sse_activity(connections& all, const std::string& path, std::uint8_t share)
      : http_activity(all, path, bodies::skipped, times::untaken), listening_(all, share),
        is_channel_(path.empty()) {}

  void opened(link& l) override;
  void gone(link& l) override;
  bool expected_end(link& l) override;
  void enter(const phase& p, std::int64_t) override { listening_.enter(p); }
  /// A stream of another server may have nothing to say until something is published.
  bool finished() const override { return !is_channel_ || listening_.finished(); }

private:
  void answered(link& l, std::string_view body) override;
  void piece(link& l, std::string_view body) override;
  void event(link& l, std::string_view text);

  listening listening_;
  const bool is_channel_;
  std::unordered_map<std::uint32_t, std::string> begun_; // events of which a part is there
};

} // namespace perron::soak
