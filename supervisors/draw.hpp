// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace perron::supervisors {

/// How much of a tree is drawn.
struct draw_options {
  std::size_t depth = 8;                    ///< levels below the top; what lies deeper is counted
  std::size_t children = 20;                ///< of one supervisor; further ones are counted
  std::size_t width = 110;                  ///< characters of a line; longer ones are cut
  std::chrono::milliseconds patience{1000}; ///< how long one supervisor may take to answer
};

/// A picture of the tree under a supervisor, for people:
///
///     root <65537> supervisor one_for_one
///     ├── history <65538> worker permanent
///     ├── rooms <65539> "rooms" supervisor dynamic permanent
///     │   ├── <65540> "room:lobby" worker permanent
///     │   └── … 99,990 more
///     └── http <131072> "http" worker permanent
///
/// Each line: id, pid, registered name, what it is, strategy of a supervisor, restart type, and its state if
/// it does not just run. Each level is taken at another moment.
///
/// Supervisors are asked by processes of their own, those of a level at the same time. One that does not
/// answer within `patience` is shown as such; so this returns within depth times that, also when it is
/// called by a child for which its supervisor waits. Only from a process. Costs each supervisor a message for
/// each child drawn and a walk over its children.
std::string draw(runtime::pid supervisor, draw_options how = {});

} // namespace perron::supervisors
