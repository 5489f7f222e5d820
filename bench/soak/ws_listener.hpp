// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/listening.hpp>
#include <perron/bench/soak/ws.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace perron::soak {

/// WebSockets that are held and hear the director's announcements.
class ws_listener final : public ws_activity {
public:
  ws_listener(connections& all, const std::string& path, std::uint8_t share)
      : ws_activity(all, path, share), listening_(all, share) {}

  void enter(const phase& p, std::int64_t now) override {
    listening_.enter(p);
    ws_activity::enter(p, now);
  }
  bool finished() const override { return listening_.finished() && ws_activity::finished(); }

private:
  void ready(link& l) override {
    l.next = all_.control().publishes.load(std::memory_order_acquire);
    listening_.begin(l);
  }
  void text(link& l, std::string_view payload) override {
    if (!listening_.heard(l, payload))
      all_.block().messages.add();
  }

  listening listening_;
};

} // namespace perron::soak
