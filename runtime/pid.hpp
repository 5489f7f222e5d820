// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace perron::runtime {

namespace core {
struct process;
}

/// The address of one process of this node: what is sent to, linked, monitored. Sixteen bytes, copied freely,
/// usable from any thread, never dangling while its node lives: a pid of a dead process stays valid and names
/// nobody, because numbers are never reused. It does not keep the process or its state alive.
class pid {
public:
  constexpr pid() noexcept = default;
  constexpr pid(core::process* slot, std::uint64_t id) noexcept : slot_(slot), id_(id) {}

  /// The node-wide number; 0 names no process.
  constexpr std::uint64_t id() const noexcept { return id_; }
  constexpr explicit operator bool() const noexcept { return id_ != 0; }

  friend constexpr bool operator==(pid a, pid b) noexcept { return a.id_ == b.id_; }
  friend constexpr auto operator<=>(pid a, pid b) noexcept { return a.id_ <=> b.id_; }

  /// For the engine only: where the process lives. The memory stays readable after its death.
  constexpr core::process* slot() const noexcept { return slot_; }

private:
  core::process* slot_ = nullptr;
  std::uint64_t id_ = 0;
};

/// Names one monitor of the process that made it (OTP: reference()). Never reused within that process.
struct monitor_ref {
  std::uint64_t value = 0;

  constexpr explicit operator bool() const noexcept { return value != 0; }
  friend constexpr auto operator<=>(monitor_ref, monitor_ref) noexcept = default;
};

/// "<42>", as crash reports and tools print it.
std::string to_string(pid who);

} // namespace perron::runtime

template <>
struct std::hash<perron::runtime::pid> {
  std::size_t operator()(perron::runtime::pid who) const noexcept {
    return std::hash<std::uint64_t>{}(who.id());
  }
};
