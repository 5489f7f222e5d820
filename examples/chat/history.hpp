// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/store.hpp>
#include <perron/runtime/server.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

struct sqlite3;

namespace chat {

using perron::httpd::topic_record;

/// A room's process begins.
struct open_room {
  using reply = perron::httpd::topic_store::opened;
  std::string room;
  std::size_t most = 0;
};

/// Keep this line.
struct append_line {
  using reply = bool;
  std::string room;
  topic_record line;
};

/// The lines behind a number, oldest first.
struct load_lines {
  using reply = std::vector<topic_record>;
  std::string room;
  std::uint64_t behind = 0;
  std::size_t most = 0;
};

/// How often each room was started, over all runs of the program.
struct count_starts {
  struct reply {
    std::uint64_t starts = 0;
  };
  std::string room;
};

/// The process that owns the database. SQLite blocks, so each statement runs on the pool for blocking code
/// while the workers go on. If it crashes, the supervisor opens the file anew.
class history {
public:
  using calls = perron::runtime::protocol<open_room, append_line, load_lines, count_starts>;

  explicit history(const std::string& file);

  /// A room that was started before in this run has crashed since: then the line that says so is added.
  open_room::reply handle_call(const open_room& request);
  bool handle_call(const append_line& request);
  std::vector<topic_record> handle_call(const load_lines& request);
  count_starts::reply handle_call(const count_starts& request);

private:
  struct closer {
    void operator()(sqlite3* db) const noexcept;
  };
  std::unique_ptr<sqlite3, closer> db_;
  std::unordered_set<std::string> started_;
};

/// The rooms' histories, as topics want them: each question is a call to the process named "history".
std::shared_ptr<perron::httpd::topic_store> history_store();

} // namespace chat
