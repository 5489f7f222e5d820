// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/nodes/board.hpp>
#include <perron/httpd/program/nodes/ledger.hpp>
#include <perron/httpd/program/nodes/shared_text.hpp>
#include <perron/httpd/program/nodes/socket_shelf.hpp>
#include <perron/runtime/result.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace perron::httpd::program {

/// What the nodes of a program that runs as several processes have in common, all of it made by their parent
/// before the first of them; README.md in this folder. Any thread; see the parts for what waits.
struct shared_program {
  unsigned nodes = 1;
  pid_t parent = 0; ///< the process that started them
  std::chrono::system_clock::time_point started{};
  std::shared_ptr<board> shown{};
  std::shared_ptr<shared_text> configuration_in_force{}; ///< a ledger; its turn is that of who reloads
  std::shared_ptr<shared_text> figures_seen{};           ///< see node_figures.hpp; its turn is who adds up
  std::shared_ptr<socket_shelf> shelf{};

  static runtime::result<std::shared_ptr<shared_program>> make(unsigned nodes);

  /// Whether the process of a node lives, as far as its number tells.
  bool is_there(unsigned node) const noexcept;
  /// The first of those that live speaks to the service manager for all.
  bool is_spokesman(unsigned self) const noexcept;

  /// A node tells that it begins.
  void begins(unsigned self) const noexcept;
  /// All its listeners are open. True, once: it was the last of all.
  bool is_ready(unsigned self) const noexcept;
  /// It stops. True, once: so do all that are there.
  bool is_leaving(unsigned self) const noexcept;
};

} // namespace perron::httpd::program
