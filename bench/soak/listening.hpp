// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/announcement.hpp>
#include <perron/bench/soak/connections.hpp>

#include <cstdint>
#include <string_view>

namespace perron::soak {

/// Checks that links hear each announcement of the director once and in order. Part of an activity.
class listening {
public:
  explicit listening(connections& all, std::uint8_t share) : all_(all), share_(share) {}

  /// From now on the next announcement would reach it.
  void begin(link& l);
  void end(link& l);
  bool is_on(const link& l) const { return l.listens; }

  /// Counts what was heard. False: it was no announcement, which was not counted; or an error, and the link
  /// has been closed.
  bool heard(link& l, std::string_view text);

  /// A phase begins: when one of publishing ends by this, everybody has to have heard all of it.
  void enter(const phase& next);

  /// Nothing is left to wait for in this phase. A ramp is not over while a link is open but not known to
  /// listen yet: what is published then may pass it by. Costs a walk over the links up to the first of those.
  bool finished() const { return !ramping_ || all_listen(); }

private:
  bool all_listen() const;

  connections& all_;
  const std::uint8_t share_;
  bool ramping_ = false;
  bool publishing_ = false;
};

} // namespace perron::soak
