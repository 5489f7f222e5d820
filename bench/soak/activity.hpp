// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/link.hpp>
#include <perron/bench/soak/scenario.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace perron::soak {

inline constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

/// What the connections of one share do in one client process. Called by `connections`, on its thread; what
/// it is told comes in this order for each link: opened, then any of the others, then gone.
class activity {
public:
  activity() = default;
  activity(const activity&) = delete;
  activity& operator=(const activity&) = delete;
  virtual ~activity() = default;

  /// Before it connects.
  virtual void prepare(link&) {}
  /// The server has answered its greeting.
  virtual void opened(link& l) = 0;
  /// Bytes that were not used yet; answers how many are now. The rest comes again, with more behind it.
  virtual std::size_t received(link& l, std::string_view bytes) = 0;
  /// Its connection has ended; whether that was an error was counted. Not called for what never
  /// opened, unless it passes.
  virtual void gone(link&) {}
  /// The connection ended in its server's hand, and the server may have meant it: true makes it no error.
  virtual bool expected_end(link&) { return false; }

  /// It is about to be closed by us, for the run is over.
  virtual void leave(link&) {}
  /// Has the server's process behind the link crash; false: not now, or not in this way.
  virtual bool crash(link&) { return false; }
  /// In calm, in the place of crash(): asks for what succeeds.
  virtual bool ask_once(link&) { return false; }

  virtual void enter(const phase&, std::int64_t) {}
  /// Called when due_ns() has come, and perhaps before.
  virtual void work(std::int64_t) {}
  virtual std::int64_t due_ns() const { return never_ns; }
  /// There is nothing (more) to do in this phase.
  virtual bool finished() const { return true; }
};

} // namespace perron::soak
