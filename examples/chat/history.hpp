// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "message.hpp"

#include <perron/runtime/server.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

struct sqlite3;

namespace chat {

/// Keep this line; answers it with its id.
struct append {
  using reply = message;
  std::string room;
  message line;
};

/// The newest lines after an id, oldest first.
struct load {
  using reply = std::vector<message>;
  std::string room;
  std::int64_t after = 0;
  int most = 200;
};

/// A room's process begins; counts how often that happened.
struct room_started {
  struct reply {
    std::int64_t incarnation = 0;
    bool again = false; ///< not the first time since the program started: its predecessor has crashed
  };
  std::string room;
};

/// The process that owns the database. SQLite blocks, so each statement runs on the pool for blocking code
/// while the workers go on. If it crashes, the supervisor opens the file anew.
class history {
public:
  using calls = perron::runtime::protocol<append, load, room_started>;

  explicit history(const std::string& file);

  message handle_call(append request);
  std::vector<message> handle_call(const load& request);
  room_started::reply handle_call(const room_started& request);

private:
  struct closer {
    void operator()(sqlite3* db) const noexcept;
  };
  std::unique_ptr<sqlite3, closer> db_;
  std::unordered_set<std::string> started_;
};

} // namespace chat
