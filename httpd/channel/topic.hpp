// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/history.hpp>
#include <perron/httpd/channel/messages.hpp>
#include <perron/httpd/channel/origins.hpp>
#include <perron/httpd/channel/presence.hpp>
#include <perron/httpd/channel/siblings/frame.hpp>
#include <perron/httpd/channel/siblings/state.hpp>
#include <perron/httpd/channel/store.hpp>
#include <perron/httpd/channel/subscribers.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/deadline.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/server.hpp>
#include <perron/runtime/timer.hpp>
#include <perron/supervisors/siblings.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace perron::httpd {

class topic_peers;
struct topic_asked;

/// How a topic works. The defaults bound its memory to some 4 MB.
struct topic_options {
  std::size_t most_entries = 1000;               ///< kept in memory
  std::size_t most_bytes = std::size_t(4) << 20; ///< kept in memory
  std::size_t most_data = std::size_t(64) << 10; ///< in one publish; longer ones are refused
  std::size_t most_subscribers = 1'000'000;      ///< more are refused
  std::size_t most_members = 10'000;             ///< more are refused
  std::size_t most_origins = 10'000;             ///< clients whose repeated publishes are recognised
  std::chrono::milliseconds wait_time{5'000};    ///< of publishers, for subscribers whose policy is `wait`
  std::size_t most_held = 1000;                  ///< publishes that may wait; more are refused
  std::chrono::milliseconds grace{5'000};        ///< for a member whose process has died to come back
  bool unique_members = false;                   ///< a member's key belongs to one client
  std::chrono::nanoseconds idle_time = runtime::no_timeout; ///< ends when nobody has come for so long
  std::shared_ptr<topic_store> store{}; ///< where the history is kept; empty: in the process alone
};

/// A topic: a process that gives numbers to what is published, keeps the newest entries, and tells its
/// subscribers, who come and get them. A subscriber asks for what is behind its cursor and is answered once,
/// when there is something: nothing piles up in the mailbox of a slow one, and what it holds is bounded by
/// the history, not by its slowness.
///
/// One publish makes one batch, which all who wait share; for each of them it costs a message and, later, the
/// message by which it asks again. Batches out of the store are loaded by processes of their own, linked to
/// the topic, so that who is far behind does not hold up the others.
///
/// Started by topics.hpp, or by `start_server<topic>({}, name, options)`. When it ends, subscribers are told
/// by their monitors, and subscribe again with their cursors.
///
/// In a program of several nodes it may have a process in each, which are copies of one another (README.md).
class topic {
public:
  using calls = runtime::protocol<topic_publish, topic_figures>;
  using casts = runtime::protocol<topic_want, topic_subscribe, topic_unsubscribe, topic_publish_mail>;

  /// `group` names the topics that this one belongs to, the same on all nodes; empty: it is of this node
  /// alone.
  topic(std::string name, topic_options options, std::string group = {});
  topic(const topic&) = delete;
  topic& operator=(const topic&) = delete;
  ~topic();

  void handle_call(topic_publish request, runtime::caller from);
  topic_figures::reply handle_call(topic_figures) const;
  void handle_cast(const topic_want& want);
  void handle_cast(topic_subscribe wish);
  void handle_cast(const topic_unsubscribe& who);
  void handle_cast(topic_publish_mail request);
  void handle_info(runtime::any_message what);
  void handle_timeout();
  struct take_up {};
  void handle_continue(take_up);

  // read by the server's loop
  std::chrono::nanoseconds idle_timeout;
  std::optional<take_up> continue_with; ///< where there are other nodes

private:
  using slot = subscriber_table::slot;
  struct mail_address {
    runtime::pid who;
    std::uint64_t tag;
    std::uint64_t number;
  };
  using publisher = std::variant<runtime::caller, mail_address>;
  struct held_publish {
    topic_publish what;
    publisher from;
  };
  struct reader {
    slot at;
    std::uint64_t serial;
  };
  // mail to itself
  struct loaded {
    std::uint64_t behind;
    topic_batch_ptr batch;
  };
  struct wait_is_over {
    std::uint64_t round;
  };
  struct grace_is_over {};
  struct tell_presence {};
  struct publish_came_back {};
  struct look_at_ahead {};
  /// A subscriber that has seen more elsewhere than has come to this copy yet.
  struct ahead {
    slot at;
    std::uint64_t serial;
    topic_start from;
    runtime::deadline until; ///< then it is taken for one whose history is lost
  };
  struct absent {
    runtime::deadline until;
    presence_table::grace whose;
    std::uint64_t life; ///< of who held it last
  };

  // publishing
  void accept(topic_publish&& what, const publisher& from);
  /// Publishes, unless subscribers have to be waited for.
  bool try_publish(topic_publish& what, const publisher& from);
  bool may_drop(std::uint64_t up_to);
  void go_on_with_held();
  void keep(const topic_entry_ptr& entry);
  static topic_receipt refusal(std::string why, bool later = false);
  static void answer(const publisher& to, topic_receipt receipt);
  std::optional<topic_receipt> repeated(const topic_origin& origin) const;
  void open_store();

  // delivering
  std::uint64_t begin_at(const topic_start& from, bool& gap, std::optional<std::uint64_t>& missed) const;
  void begin_with(slot at, const topic_start& from);
  void give_first(slot at, const topic_start& from);
  void serve(slot at, std::uint64_t behind, bool first, bool gap, std::optional<std::uint64_t> missed);
  void load(slot at, std::uint64_t behind);
  void take_loaded(const loaded& what);
  void give(slot at, topic_batch_ptr batch);
  void tell_waiting(const topic_entry_ptr& entry);
  topic_batch_ptr batch_behind(std::uint64_t behind);
  void fell_behind(slot at);
  void end_those_behind(std::uint64_t up_to);
  void forget(slot at, bool may_come_back);
  void stop_waiting(slot at);

  // presence (topic_presence.cpp)
  void join(slot at, const topic_start& from, topic_membership member);
  void joined(slot at, const topic_start& from, presence_table::outcome what);
  void let_go(std::uint64_t serial, bool may_come_back);
  void wait_for(presence_table::grace whose, std::uint64_t life);
  void presence_changed();
  void tell_presence_to_waiting();
  void look_after_absent();
  void grace_over(absent whose);

  // several nodes (topic_siblings.cpp)
  void say(const topic_frame& what) const;
  bool try_share(topic_publish& what, const publisher& from);
  void publish_there(topic_publish& what, const publisher& from);
  void take_over(topic_state&& state);
  topic_state state_now() const;
  void give_state(const topic_asked& to) const;
  void hear(const siblings::news& what);
  void hear_other(runtime::any_message what);
  bool is_ahead(const topic_start& from) const;
  void let_wait(slot at, const topic_start& from);
  void begin_with_ahead();
  void look_after_ahead();
  void end_life(std::uint64_t life);
  bool is_alive(std::uint64_t life) const;
  void did(const topic_frames::began& what);
  void did(const topic_frames::over& what);
  void did(topic_frames::publish& what);
  void did(topic_frames::kept& what);
  void did(const topic_frames::head& what);
  void did(topic_frames::join& what);
  void did(const topic_frames::leave& what);
  void did(const topic_frames::lost& what);
  void did(const topic_frames::gone& what);

  std::string name_;
  topic_options options_;
  std::uint64_t epoch_ = 0;
  topic_history history_;
  presence_table presence_;
  subscriber_table subscribers_;
  std::vector<slot> waiting_;                                    ///< those with `waiting`
  std::unordered_map<std::uint64_t, std::vector<reader>> loads_; ///< who waits for what is loaded, by cursor
  std::pair<std::uint64_t, topic_batch_ptr> last_batch_; ///< what was behind a number, for the next who asks

  std::deque<held_publish> held_;
  std::uint64_t held_round_ = 0; ///< grows, so that a timer that went off too late is known
  runtime::timer_ref held_timer_;
  std::uint64_t slowest_ = 0; ///< no subscriber with a policy but drop_oldest has been given less than this

  origin_table origins_;
  runtime::deadline settled_at_;
  std::deque<absent> absent_; ///< in the order in which their grace is over
  runtime::timer_ref absent_timer_;
  bool presence_untold_ = false;
  bool settled_ = false;

  struct shared_publish {
    std::uint64_t serial;
    publisher from;
  };
  struct joining {
    slot at;
    topic_start from;
  };
  std::unique_ptr<topic_peers> peers_; ///< empty: there are no other nodes, and what follows is empty as well
  std::list<shared_publish> under_way_; ///< frames of this process that have not come back yet, in order
  std::uint64_t shared_ = 0;            ///< the serial of the last of them
  std::size_t elsewhere_ = 0;           ///< publishes that the node with the store is asked for
  std::unordered_map<std::uint64_t, joining>
      joining_;                   ///< subscribers whose `join` has not come back, by serial
  std::vector<topic_life> lives_; ///< the processes of this topic, this one included
  std::vector<ahead> ahead_;      ///< in the order in which their time is over
  runtime::timer_ref ahead_timer_;
};

} // namespace perron::httpd
