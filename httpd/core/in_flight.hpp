// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace perron::httpd::core {

/// What the kernel holds of a server's answers whose writers wait for slow readers, and its bound
/// (server_options::max_in_flight). Beyond the bound the kernel takes little more for each connection than is
/// on its way, so that a writer waits for its own reader earlier than else. There is no queue: nobody waits
/// behind the reader of another, whom nothing may ever wake.
///
/// A writer counts from when it has met a full socket until that write is over, however it ends. Those who
/// never met one are not counted and pay nothing.
///
/// | field  | who may touch it                                                       |
/// |--------|------------------------------------------------------------------------|
/// | bytes_ | any process of the server, while it waits; a figure that orders nothing |
class in_flight {
public:
  /// `bound`: 0 for none.
  explicit in_flight(std::size_t bound) noexcept : bound_(bound) {}

  /// Whether writers must take less.
  bool is_over() const noexcept { return bound_ != 0 && bytes() > bound_; }
  /// Whether they may take as much again: somewhat later, so that not each byte changes it.
  bool is_well_below() const noexcept { return bytes() <= bound_ - bound_ / 4; }
  std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

  /// What one writer holds has become `now`, after `before`.
  void change(std::uint64_t before, std::uint64_t now) noexcept {
    bytes_.fetch_add(now - before, std::memory_order_relaxed);
  }

private:
  const std::uint64_t bound_;
  std::atomic<std::uint64_t> bytes_{0};
};

} // namespace perron::httpd::core
