// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/messages.hpp>
#include <perron/httpd/channel/origins.hpp>
#include <perron/httpd/channel/presence.hpp>
#include <perron/runtime/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What the nodes ask each other about a topic, and the answers, as bytes. No sockets, no processes.
namespace perron::httpd {

/// A process of a topic, and the node on which it lives.
struct topic_life {
  std::uint64_t life = 0;
  std::uint64_t node = 0;
  friend bool operator==(const topic_life&, const topic_life&) = default;
};

/// All that a topic is, as of a place in the one order. Who has it and gets everything behind that place is
/// as good as who gave it.
struct topic_state {
  std::uint64_t place = 0;
  topic_cursor newest{};
  bool settled = false; ///< see presence_change
  std::vector<topic_record> records{};
  std::vector<origin_table::kept> origins{};
  std::vector<presence_table::kept> members{};
  std::uint64_t generations = 0; ///< of the members
  std::vector<topic_life> lives{};
  friend bool operator==(const topic_state&, const topic_state&) = default;
};

std::string encode(const topic_state& what);
/// Nothing if the bytes are not just what encode gives, or if the records do not follow one another up to the
/// newest. Anything may be in them.
std::optional<topic_state> decode_topic_state(std::string_view bytes);

} // namespace perron::httpd

/// Questions to a node, each about the topic that it names first.
namespace perron::httpd::topic_questions {

/// Have you its state, or will you without me? I began at this place. Answered by one byte, '1' or '0'.
struct standing {
  std::string topic{};
  std::uint64_t place = 0;
  friend bool operator==(const standing&, const standing&) = default;
};
/// Its state as of this place or later. Answered by a topic_state.
struct state {
  std::string topic{};
  std::uint64_t place = 0;
  friend bool operator==(const state&, const state&) = default;
};
/// Publish this, for you have the store. Answered by a receipt.
struct publish {
  std::string topic{};
  topic_origin origin{};
  std::string data{};
  friend bool operator==(const publish&, const publish&) = default;
};
/// Start it, for you have the store. Answered by a receipt, which is refused if it cannot.
struct start {
  std::string topic{};
  friend bool operator==(const start&, const start&) = default;
};
/// What has your store behind this number? Answered by records.
struct load {
  std::string topic{};
  std::uint64_t behind = 0;
  std::uint64_t most = 0;
  friend bool operator==(const load&, const load&) = default;
};

/// The answer to `load`; an error's text if there is one.
struct records {
  std::string error{};
  std::vector<topic_record> found{};
  friend bool operator==(const records&, const records&) = default;
};

} // namespace perron::httpd::topic_questions

namespace perron::httpd {

using topic_question = std::variant<topic_questions::standing, topic_questions::state,
                                    topic_questions::publish, topic_questions::start, topic_questions::load>;

std::string encode(const topic_question& what);
std::string encode(const topic_questions::records& what);
/// Only what a receipt says to a caller: at, repeated, refused, later.
std::string encode(const topic_receipt& what);

// Nothing if the bytes are not just what encode gives. Anything may be in them.
std::optional<topic_question> decode_topic_question(std::string_view bytes);
std::optional<topic_questions::records> decode_records(std::string_view bytes);
std::optional<topic_receipt> decode_receipt(std::string_view bytes);

} // namespace perron::httpd
