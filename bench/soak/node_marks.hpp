// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <unordered_map>

namespace perron::soak {

/// Tells which of a server's processes has a connection that was not answered yet, by the maximum segment
/// size (RFC 9293 3.7.1) that came with its SYN-ACK: the kernel takes that from the listening socket which
/// will have the connection, so where each process announces one of its own it is known before anybody has
/// accepted. kitchen_sink does that with --mark-processes; from another server nothing can be told. Which
/// size is whose is learned from connections that were answered. A size that two processes have had tells
/// nothing any more.
///
/// A value; no threads. Costs a look into a table of as many entries as there were processes.
class node_marks {
public:
  /// A connection of process `node` has that segment size.
  void learn(std::uint32_t node, int segment_size) {
    const auto [known, is_new] = owners_.try_emplace(segment_size, node);
    if (!is_new && known->second != node)
      known->second = nobody;
  }

  /// The process with that segment size; 0: not known.
  std::uint32_t owner_of(int segment_size) const {
    const auto known = owners_.find(segment_size);
    return known == owners_.end() ? nobody : known->second;
  }

private:
  static constexpr std::uint32_t nobody = 0;

  std::unordered_map<int, std::uint32_t> owners_;
};

} // namespace perron::soak
