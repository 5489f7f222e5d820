// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/call.hpp>
#include <perron/runtime/net/active.hpp>
#include <perron/runtime/net/stream.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/result.hpp>
#include <perron/runtime/timer.hpp>
#include <perron/supervisors/siblings.hpp>
#include <perron/supervisors/siblings/frame.hpp>
#include <perron/supervisors/siblings/relay.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perron::siblings::core {

/// The registered name of a node's link.
inline constexpr std::string_view link_name = "perron.siblings";
/// The groups of those who watch, and who subscribe to a topic.
inline constexpr const char* watchers_group = "perron.siblings.watch";
std::string subscribers_group(std::string_view topic);

/// A call to the link.
struct ask_request {
  using reply = std::vector<siblings::reply>;
  std::uint32_t to = every_node;
  std::string topic;
  std::string question;
  std::chrono::nanoseconds timeout;
};
/// Mail to the link: tell this one who is up.
struct snapshot_wanted {
  runtime::pid by;
};

/// How a link that has a parent begins.
struct link_options {
  int socket = -1;                   ///< to the parent; the link's from then on
  std::function<void()> on_stop{};   ///< the parent wants the node to stop in order
  std::function<void()> on_parted{}; ///< the parent is gone, or the link itself
};

/// The process through which a node and the others talk: gives news to subscribers, asks and answers. With a
/// parent it reads the socket, and its writer writes; without one it is alone, made when somebody needs it,
/// and what the parent would do it does by itself.
///
/// | field           | who may touch it  |
/// |-----------------|-------------------|
/// | all             | the process alone |
class link {
public:
  /// Without a parent.
  link();
  explicit link(link_options with);
  ~link();
  link(const link&) = delete;
  link& operator=(const link&) = delete;

  void run();

private:
  /// An ask that somebody waits for.
  struct asked {
    runtime::caller from;
    std::vector<siblings::reply> replies;
    std::vector<bool> has_answer;
    std::size_t missing = 0;
    runtime::timer_ref timer{};

    void note(unsigned node, runtime::result<std::string> said);
  };
  /// A question that a process of this node works on.
  struct open_question {
    std::uint32_t asker = 0;
    std::uint64_t number = 0;
    runtime::timer_ref timer{};
  };

  void wait();
  void read(const std::string& bytes);
  void part(const std::string& why);
  void send_up(frame what);
  void take_own_orders();

  void take(const frame& what);
  void deliver(const frame& what);
  void change(unsigned node, bool up);

  void ask(const runtime::caller& from, ask_request what);
  void note_answer(std::uint64_t number, unsigned node, runtime::result<std::string> said);
  void give_up_on(std::uint64_t number);

  void answer(const frame& question);
  void answered_by(runtime::pid who, std::int32_t code, std::string bytes);
  void answer_with(std::uint32_t asker, std::uint64_t number, std::int32_t code, std::string bytes);

  link_options with_;
  std::shared_ptr<runtime::net::stream> stream_; ///< null without a parent; shared with the writer
  std::optional<relay> own_;                     ///< without a parent
  frame_decoder in_;
  std::vector<bool> up_;
  std::map<std::uint64_t, asked> asked_;
  std::map<std::uint64_t, open_question> answering_; ///< by the id of the process
  std::uint64_t last_ask_;
  bool over_ = false;
  bool ordered_ = false; ///< told to end
};

} // namespace perron::siblings::core
