// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/entry.hpp>
#include <perron/httpd/channel/presence.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// What the processes of one topic on several nodes say to all of them, in the one order (README.md). No
/// sockets, no processes.
namespace perron::httpd::topic_frames {

/// A process of the topic has begun, on this node; it is to be given the state as of here. Names it, unlike
/// all others before and after.
struct began {
  std::uint64_t life = 0;
  std::uint64_t node = 0;
  friend bool operator==(const began&, const began&) = default;
};
/// It is no more; its members have lost their connections.
struct over {
  std::uint64_t life = 0;
  friend bool operator==(const over&, const over&) = default;
};
/// To be published. Its number is given by its place. Only where there is no store.
struct publish {
  std::uint64_t life = 0;
  std::uint64_t serial = 0; ///< by which that process knows whom to answer
  std::int64_t at_ms = 0;
  topic_origin origin{};
  std::string data{};
  friend bool operator==(const publish&, const publish&) = default;
};
/// Has been published and is in the store. Said by the node that has the store.
struct kept {
  std::uint64_t epoch = 0;
  topic_record record{};
  friend bool operator==(const kept&, const kept&) = default;
};
/// So far the store's history goes. Said by the node that has the store when it begins.
struct head {
  std::uint64_t epoch = 0;
  std::uint64_t last = 0;
  friend bool operator==(const head&, const head&) = default;
};
/// A holder comes with a member; see presence_table.
struct join {
  presence_holder who{};
  std::string client{};
  presence_member member{};
  friend bool operator==(const join&, const join&) = default;
};
/// A holder lets go.
struct leave {
  presence_holder who{};
  friend bool operator==(const leave&, const leave&) = default;
};
/// A holder has died; its member has a grace.
struct lost {
  presence_holder who{};
  friend bool operator==(const lost&, const lost&) = default;
};
/// The grace is over.
struct gone {
  std::string key{};
  std::uint64_t generation = 0;
  friend bool operator==(const gone&, const gone&) = default;
};

} // namespace perron::httpd::topic_frames

namespace perron::httpd {

using topic_frame = std::variant<topic_frames::began, topic_frames::over, topic_frames::publish,
                                 topic_frames::kept, topic_frames::head, topic_frames::join,
                                 topic_frames::leave, topic_frames::lost, topic_frames::gone>;

std::string encode(const topic_frame& what);
/// Nothing if the bytes are not just what encode gives. Anything may be in them.
std::optional<topic_frame> decode_topic_frame(std::string_view bytes);

} // namespace perron::httpd
