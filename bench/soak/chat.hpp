// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/ramp.hpp>
#include <perron/bench/soak/ws.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perron::soak {

/// Rooms of WebSockets over kitchen_sink's channel, in each of which the first member speaks while a hold
/// lasts. Each message says the room, its number there and when it was sent; every member has to get all of
/// them in order, from the first that reached it on.
class chat_activity final : public ws_activity {
public:
  /// `messages`: a second and room.
  chat_activity(connections& all, const std::string& path, std::uint8_t share, std::uint32_t links,
                std::uint32_t room, double messages);

  void enter(const phase& p, std::int64_t now) override;
  void gone(link& l) override;
  void work(std::int64_t now) override;
  std::int64_t due_ns() const override {
    return speech_.began_ns == never_ns ? never_ns : speech_.when(spoken_);
  }
  bool finished() const override;

private:
  enum step : std::uint8_t { outside, inside, listening };

  std::string handshake(const link& l) const override;
  void ready(link& l) override;
  void text(link& l, std::string_view payload) override;
  void hear(link& l, std::string_view payload);
  void speak(std::uint32_t room);
  std::uint32_t room_of(const link& l);
  std::string topic_of(std::uint32_t room) const;
  void count_missing();

  const std::string path_;
  const std::uint8_t share_;
  const std::uint32_t links_;
  const std::uint32_t room_;
  const double rate_;
  std::uint32_t first_ = ~std::uint32_t{0}; // index of the share's first link
  std::uint32_t inside_ = 0;
  std::vector<std::uint32_t> said_; // of each room
  bool speaks_ = false;
  ramp speech_{never_ns, 0};
  std::uint64_t spoken_ = 0;
};

} // namespace perron::soak
