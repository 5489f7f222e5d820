// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/frame_reader.hpp>
#include <perron/bench/soak/http_activity.hpp>
#include <perron/bench/soak/walk.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace perron::soak {

/// What activities over WebSockets have in common: the handshake (RFC 6455, 4.1), frames, pongs, and a probe
/// by pings. Messages have to come in one frame.
class ws_activity : public http_activity {
public:
  void opened(link& l) override;
  std::size_t received(link& l, std::string_view bytes) override;
  void gone(link& l) override;
  void leave(link& l) override;
  void enter(const phase& p, std::int64_t now) override;
  void work(std::int64_t now) override;
  bool finished() const override { return probe_.is_over(); }

protected:
  ws_activity(connections& all, const std::string& path, std::uint8_t share);

  /// What it asks for in the handshake; the same for all unless overridden.
  virtual std::string handshake(const link&) const { return upgrade_; }
  std::string upgrade_to(std::string_view path) const;

  /// The handshake is over.
  virtual void ready(link& l) = 0;
  virtual void text(link& l, std::string_view payload) = 0;

  void say(link& l, std::string_view payload);
  bool is_ready(const link& l) const { return l.state == link_state::open && !l.shaking; }

private:
  std::size_t handshaken(link& l, std::string_view bytes);
  void on_frame(link& l, const frame& f);
  void answered(link&, std::string_view) override {}

  const std::string upgrade_;
  walk probe_;
};

} // namespace perron::soak
