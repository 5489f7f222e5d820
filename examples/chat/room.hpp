// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "message.hpp"

#include <perron/runtime/result.hpp>
#include <perron/runtime/server.hpp>
#include <perron/runtime/timer.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace chat {

// -- what a room is asked

struct join {
  struct reply {
    bool taken = false; ///< somebody else has the nick
    std::string member;
    std::vector<message> history;
    std::vector<std::string> members;
  };
  std::string nick;
};

struct post {
  using reply = std::int64_t; ///< the line's id; 0: no such member
  std::string member;
  std::string text;
};

/// Everything new after the cursor; if there is nothing, an `update` is mailed when there is.
struct listen {
  struct reply {
    bool member = false;
    bool news = false;
    std::vector<message> lines;
    std::vector<std::string> members;
    std::int64_t incarnation = 0;
  };
  std::string member;
  std::int64_t cursor = 0;
  perron::runtime::pid listener; ///< empty: does not want mail
};

struct head_count {
  using reply = std::size_t;
};

struct leave {
  std::string member;
};
struct crash {};
struct tick {};

/// Mail to who listens: ask again.
struct update {};

/// A room: one process with its members and its newest lines; the history process keeps them all. Crashing
/// costs the members nothing but a moment: the next incarnation loads the lines, and the pages join again.
class room {
public:
  using calls = perron::runtime::protocol<join, post, listen, head_count>;
  using casts = perron::runtime::protocol<leave, crash>;

  explicit room(std::string name);

  join::reply handle_call(const join& request);
  post::reply handle_call(post request);
  listen::reply handle_call(const listen& request);
  std::size_t handle_call(head_count) const { return members_.size(); }
  void handle_cast(const leave& who);
  void handle_cast(crash);
  void handle_info(perron::runtime::any_message what);

private:
  struct member {
    std::string nick;
    std::int64_t seen_ms = 0;
  };

  void say(message line);
  void tell_listeners();
  void drop_silent();
  std::vector<std::string> nicks() const;

  std::string name_;
  std::int64_t incarnation_ = 0;
  std::vector<message> newest_;
  std::map<std::string, member> members_; ///< by token
  std::vector<perron::runtime::pid> listeners_;
  perron::runtime::timer_ref ticking_;
};

/// The child spec of a room; its process is registered as "room:NAME".
perron::supervisors::child_spec room_child(const std::string& name);

/// The process of a room, started if there is none yet; waits while it is being restarted. Error: the name is
/// not one, or there are too many rooms.
perron::runtime::result<perron::runtime::pid> find_room(const std::string& name);

/// 1 to 40 of a-z, 0-9 and '-'.
bool is_room_name(const std::string& name);

} // namespace chat
