// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/messages.hpp>
#include <perron/httpd/channel/siblings/frame.hpp>
#include <perron/httpd/channel/siblings/state.hpp>
#include <perron/httpd/channel/store.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/siblings.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perron::httpd {

/// Mail to a topic from a process that answers another node (answers.hpp): have you the state as of this
/// place, or may I have it? Answered by topic_told.
struct topic_asked {
  runtime::pid who;
  std::uint64_t place = 0;
  bool for_state = false; ///< and not for whether there is one
};
struct topic_told {
  bool has = false;
  std::string state{}; ///< encoded; the answer to for_state
};

/// A topic's way to its processes on other nodes: how it begins, and what it says to them (README.md).
/// Belongs to the topic's process.
class topic_peers {
public:
  /// `group` names the topics of a program among others, `topic` one of them.
  topic_peers(std::string group, std::string topic, bool has_store);

  std::uint64_t life() const noexcept { return life_; }
  unsigned node() const noexcept { return node_; }
  /// Whether this node has the store, if there is one.
  bool keeps() const noexcept { return has_store_ && keeper_ == node_; }
  /// What takes the store's place on the other nodes: reads from the one that has it, and waits for it to
  /// come back.
  std::shared_ptr<topic_store> remote_store() const;

  /// Begins: waits until this process has what the others have, which it gives; nothing if there is nobody
  /// else. Takes only what has to do with it out of the mailbox. Ends the process if it cannot be known.
  std::optional<topic_state> take_up();

  /// To all of them, this one included, in the one order.
  runtime::result<void> send(const topic_frame& what) const;

  /// A frame of this topic that has not been dealt with; deals with it.
  std::optional<topic_frame> take(const siblings::news& n);
  /// All before this place has been dealt with, and it as well.
  std::uint64_t place() const noexcept { return place_; }
  void begin_at(std::uint64_t place) noexcept { place_ = place; }

  /// Of others who begin. True: it wants the state, and may have it.
  bool take(const topic_asked& question);
  /// While it may not, all wait.
  void may_give(bool yes) noexcept { may_give_ = yes; }
  /// Those who may have it by now, having waited.
  std::vector<topic_asked> take_waiting();

  void take(const siblings::node_change& change);
  bool is_up(std::uint64_t node) const noexcept { return node < up_.size() && up_[node]; }

  /// Has the node that has the store publish it, in a process of its own, which gives `done` what became of
  /// it: a receipt, refused for now if that node cannot be reached.
  void publish_there(topic_publish what, std::function<void(topic_receipt)> done) const;

private:
  void wait_until_up();
  void mark();
  void say_over_at_end() const;
  void take_in_beginning(const topic_asked& question);
  bool will_have_before(std::uint64_t place) const;

  std::string group_;
  std::string topic_;
  std::string channel_; ///< of the frames, among all that siblings publish
  bool has_store_;
  unsigned node_;
  unsigned keeper_;
  std::uint64_t life_;
  std::uint64_t place_ = 0;
  bool may_give_ = true;
  std::vector<bool> up_;
  std::vector<topic_asked>
      waiting_; ///< for the state; in the beginning also to know whether there will be one
};

} // namespace perron::httpd
