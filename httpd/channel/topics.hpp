// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/topic.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace perron::httpd {

/// Which topics there may be and how they work.
struct topics_options {
  std::size_t most_topics = 100'000;
  /// How a topic of this name works; an error: there is none, with the reason for who asked. Empty: every
  /// name is a topic with the default options. Called by any process.
  std::function<runtime::result<topic_options>(const std::string& name)> options_of{};
};

/// The topics of a program, found by their names and started when somebody asks for them:
///
///     const httpd::topics rooms("rooms", {.options_of = [](const std::string&) { return topic_options{...};
///     }}); app::children{rooms.child(), httpd::server_child("http", ..., routes(rooms))};
///     rooms.publish("lobby", R"({"text":"hello"})");
///
/// A topic that crashes is not started again by its supervisor, which would give up on all of them if one
/// could not live, but by the next who asks for it: its subscribers do at once, and then less and less often.
///
/// In a program of several nodes (app::spec::processes) a topic is one for all of them: what is published on
/// one reaches subscribers on all, with the same cursors everywhere (README.md). What topic_figures tells of
/// subscribers is this node's.
///
/// A handle: copied freely, used by any process.
class topics {
public:
  explicit topics(std::string name, topics_options options = {});

  /// The supervisor of the topics, for the program's tree.
  supervisors::child_spec child() const;

  const std::string& name() const noexcept { return shared_->name; }

  /// The topic of that name, started if need be. Errors: no such topic, with code ENOENT; that it cannot
  /// start or that there are too many, with another. Costs a look-up of a name if it is there.
  runtime::result<runtime::pid> find(const std::string& topic) const;
  /// The topic if it runs on this node; else an empty pid.
  runtime::pid there(const std::string& topic) const;
  /// How a topic of that name works; ENOENT if there is none.
  runtime::result<topic_options> options_of(const std::string& topic) const;

  /// Publishes JSON, and waits until it is in the history. Errors: what find() and call() say, and what the
  /// topic refuses. The topic may have taken it although the answer did not come; with an origin it may be
  /// published again without harm.
  runtime::result<topic_receipt> publish(const std::string& topic, const std::string& json,
                                         const topic_origin& origin = {},
                                         std::chrono::nanoseconds timeout = std::chrono::seconds(10)) const;

private:
  struct shared {
    std::string name;
    topics_options options;
  };

  std::string process_name(const std::string& topic) const { return shared_->name + '/' + topic; }

  std::shared_ptr<const shared> shared_;
};

} // namespace perron::httpd
