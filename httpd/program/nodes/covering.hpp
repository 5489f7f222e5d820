// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/cover.hpp>
#include <perron/httpd/program/listeners.hpp>
#include <perron/httpd/program/nodes/covers.hpp>
#include <perron/supervisors/siblings.hpp>

#include <memory>
#include <string>
#include <vector>

namespace perron::httpd::program {

/// Mail to the keeper: whether who was full still is.
struct look_for_room {};

/// A node's part in accepting for each other: tells the others where it is full, and has its servers accept
/// for those that are full or gone. The keeper's, in whose process all of it runs.
///
/// A server says that it is full when a client waits for it (core/cover.hpp). From then on it is looked at
/// every 250 ms, and has room again when it was not full at two looks in a row. In between it accepts
/// whenever it can, so nothing is lost by being thought full a little too long; and clients that come and go
/// at the limit do not make nodes tell each other so each time.
class covering {
public:
  using listener_list = std::vector<std::shared_ptr<open_listener>>;

  explicit covering(unsigned self) noexcept : self_(self) {}

  /// The caller hears of the others from now on.
  void begin();

  void heard(const siblings::node_change& what);
  void heard(const siblings::news& what);
  void heard(const core::server_full& what, const listener_list& of);
  void look(const listener_list& of);

  /// Has each listener's server accept for whom it should; to be called whenever something has changed.
  void settle(const listener_list& of) const;

private:
  struct full_here {
    std::string address{};
    bool again = true; ///< it was full since the last look
  };

  static void tell(const std::string& address, bool full);

  const unsigned self_;
  covers who_{};
  std::vector<full_here> full_{};
};

} // namespace perron::httpd::program
