// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/back_off.hpp>
#include <perron/supervisors/core/environment.hpp>

#include <chrono>
#include <cstdint>

namespace perron::supervisors::core {

/// How one child has fared lately, as far as its back-off asks. Reads no clock but the environment's, and
/// that only for children that have a back-off.
class restart_pace {
public:
  void is_up(const back_off& how, environment& world) {
    if (how) {
      up_since_ = world.now();
      was_up_ = true;
    }
  }

  /// How long to wait now that it has crashed, or failed to start again; no time without a back-off.
  std::chrono::milliseconds next_wait(const back_off& how, environment& world) {
    if (!how)
      return std::chrono::milliseconds(0);
    if (was_up_ && world.now() - up_since_ >= how.healthy_after)
      tries_ = 0;
    was_up_ = false;
    return wait_before(how, tries_++, world.chance());
  }

private:
  std::chrono::milliseconds up_since_{0};
  std::uint32_t tries_ = 0; ///< restarts since it was last well
  bool was_up_ = false;     ///< since the last wait
};

} // namespace perron::supervisors::core
