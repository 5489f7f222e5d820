// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace perron::siblings::core {

/// Whether a node still reads what it is sent. Pure: times come from outside. A ping goes behind what is
/// sent, one a second at most, so that nothing is asked of a node to which nothing is sent, and nobody wakes
/// up for it.
///
/// | state                      | a sign of life                   | next                          |
/// |----------------------------|----------------------------------|-------------------------------|
/// | idle                       |                                  | sent: ping, or ping_at is set |
/// | ping_at set                |                                  | then: ping                    |
/// | asked: a ping is out       | its pong; bytes that were taken  | overdue `limit` after the last|
/// | full: bytes wait to be sent| bytes that were taken            | the same                      |
class liveness {
public:
  using time = std::chrono::steady_clock::time_point;

  explicit liveness(std::chrono::milliseconds limit) : limit_(limit) {}

  /// Something was queued for it. True: a ping, with number(), shall follow.
  bool sent(time now);
  /// The same for a ping that had to wait.
  bool is_ping_due(time now);
  std::uint64_t number() const noexcept { return number_; }

  /// It has taken bytes; whether more wait.
  void took(bool more, time now);
  /// Bytes wait and it has not taken any.
  void stuck(time now);
  void pong(std::uint64_t number, time now);
  /// Its pong may have come, but nobody has looked.
  void excuse(time now);

  bool is_overdue(time now) const { return due() && *due() <= now; }
  /// When to look again.
  std::optional<time> next() const;

private:
  static constexpr std::chrono::seconds pause{1};

  bool ask(time now);
  std::optional<time> due() const;

  std::chrono::milliseconds limit_;
  std::uint64_t number_ = 0;
  bool asked_ = false;
  bool full_ = false;
  time sign_{}; ///< the last, or the beginning of the wait for one
  std::optional<time> asked_at_;
  std::optional<time> ping_at_;
};

} // namespace perron::siblings::core
