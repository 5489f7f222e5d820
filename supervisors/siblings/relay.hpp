// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/siblings/frame.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace perron::siblings::core {

/// Who gets which frame: the parent's knowledge of its nodes, and the one order. Pure: no sockets, no clock.
/// Where there is one node, its link has one of these instead of a parent. For one thread at a time.
///
/// | node is   | since          | gets                                                      |
/// |-----------|----------------|-----------------------------------------------------------|
/// | gone      | gone()         | nothing; questions to it are answered with ENOTCONN       |
/// | connected | connected()    | news and changes; questions to it still get ENOTCONN      |
/// | up        | its `ready`    | questions as well; the others have been told              |
class relay {
public:
  /// What comes out: a frame for these nodes, all of them connected.
  using give_function = std::function<void(const std::vector<unsigned>& to, const frame& what)>;
  /// What the parent itself has to do about.
  struct orders {
    bool stop_all = false;
    bool all_up = false;        ///< all nodes are up for the first time
    std::string announcement{}; ///< the line to write; told once, not before all_up
  };

  relay(unsigned count, give_function give);

  /// The node has been started and can be given frames.
  void connected(unsigned node);
  void gone(unsigned node);
  bool is_up(unsigned node) const { return nodes_[node] == state::up; }
  bool has_been_complete() const noexcept { return complete_; }

  /// What a connected node sends. False: no node sends this, so it cannot be trusted.
  bool take(unsigned from, frame what);
  /// What has come of it since the last time.
  orders take_orders() { return std::exchange(orders_, {}); }

private:
  enum class state : std::uint8_t { gone, connected, up };

  void ready(unsigned node);
  void ask(unsigned from, frame question);
  void refuse(unsigned asker, unsigned node, std::uint64_t number);
  void tell_change(unsigned node, bool up);

  const give_function give_;
  std::vector<state> nodes_;
  std::vector<unsigned> connected_; ///< the numbers of those, in order
  std::uint64_t published_ = 0;
  std::string line_; ///< the first announcement, until it is told
  bool announced_ = false;
  bool complete_ = false;
  orders orders_;
};

} // namespace perron::siblings::core
