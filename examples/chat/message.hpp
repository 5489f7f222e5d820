// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chat {

/// One line of a room, as it stands in the history and on the page.
struct message {
  std::int64_t id = 0; ///< grows from line to line, over all rooms
  std::string nick;
  std::string text;
  std::int64_t at = 0;      ///< milliseconds since 1970
  std::string kind = "say"; ///< say, join, leave or system
};

} // namespace chat
