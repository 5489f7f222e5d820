// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perron::soak {

/// What the connections of a share do.
enum class mode : std::uint8_t {
  idle,     ///< ask once, are held, ask again in a probe
  poll,     ///< wait in a long poll until somebody publishes
  sse,      ///< hold a stream of events
  ws,       ///< hold a WebSocket
  chat,     ///< WebSockets in rooms in which somebody speaks
  churn,    ///< connect, ask, close
  requests, ///< ask again and again
  slow,     ///< ask for much and read it slowly
  count
};

std::string_view name_of(mode m);

/// Connections that do the same.
struct share {
  mode what = mode::idle;
  std::uint32_t connections = 1000;
  std::string path{};               ///< empty: the mode's own
  double rate = 0;                  ///< churn, requests: a second in all; 0: as fast as it goes
  std::uint32_t room = 10;          ///< chat: members of a room
  double messages = 1;              ///< chat: a second and room
  std::uint64_t bytes = 10'000'000; ///< slow: of an answer
  double read_rate = 20'000;        ///< slow: bytes a second and connection
};

enum class phase_kind : std::uint8_t {
  ramp,    ///< connections are opened until all are there
  hold,    ///< those that ask or speak do so; the others are quiet
  publish, ///< everybody who listens is told something, and must get it
  probe,   ///< everybody who is held has to show that the server still knows him
  calm,    ///< as many ask and come again as in chaos, but nothing goes wrong: what that is compared with
  chaos,   ///< hold, with accidents
  drain,   ///< everybody leaves
  count
};

std::string_view name_of(phase_kind k);

/// How much goes wrong on purpose, a second. Shares are of the connections that are held.
struct accidents {
  double crash = 0;      ///< share of connections whose handler crashes
  double vanish = 0;     ///< share of clients that leave without a word, half by RST, half in silence
  double kill_every = 0; ///< seconds between two kills of a server process; 0: none
};

struct phase {
  phase_kind what = phase_kind::hold;
  double seconds = 0;      ///< hold, calm, chaos; ramp, publish, probe end when they are done
  double rate = 0;         ///< ramp: connections a second in all; 0: as fast as it goes
  std::uint32_t count = 1; ///< publish: how often
  double every = 1;        ///< publish: seconds between two
  accidents wrong{};       ///< chaos; calm: how much would go wrong
};

/// What a run does.
struct scenario {
  std::string title{};
  std::vector<share> shares{};
  std::vector<phase> phases{};
};

/// Of all shares. Those of churn are the connections in flight.
std::uint64_t connections_of(const scenario& s);
/// Without those that come and go.
std::uint64_t held_by(const scenario& s);

} // namespace perron::soak
