// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace perron::siblings::core {

/// What a frame between a node and the parent is. "To" and "from" below are what `frame::node` means.
enum class frame_kind : std::uint32_t {
  // from a node
  publish,      ///< topic, bytes
  ready,        ///< the node's tree has started
  announcement, ///< bytes: a line for standard output
  pong,         ///< number: as in the ping
  stop_all,     ///< the program is to stop in order
  // from the parent
  news,   ///< from, number in the one order, topic, bytes
  change, ///< node, code: 1 up, 0 down
  ping,   ///< number; sent behind other frames, answered when these have been read
  stop,   ///< the node is to stop in order
  // either way
  question, ///< to or from, number: the asker's, time: nanoseconds it has, topic, bytes
  answer,   ///< to or from, number: the question's, code: -1 good, else of the error; bytes
  count
};

/// `frame::node` of a question to all.
inline constexpr std::uint32_t every_node = 0xffff'ffffU;
/// `frame::code` of an answer that is none of an error.
inline constexpr std::int32_t good = -1;

/// What topic and bytes of a frame may come to.
inline constexpr std::size_t most_payload = std::size_t(16) << 20;

/// One message between a node and the parent. A value; copies share the bytes.
struct frame {
  frame_kind kind = frame_kind::ready;
  std::uint32_t node = 0;
  std::int32_t code = 0;
  std::uint64_t number = 0;
  std::int64_t time = 0;
  std::string topic{};
  std::shared_ptr<const std::string> bytes{}; ///< null is the same as empty

  std::string_view text() const noexcept { return bytes ? std::string_view(*bytes) : std::string_view(); }
  std::size_t payload() const noexcept { return topic.size() + text().size(); }
};

/// Appends it as it goes over the socket: a head of 40 bytes in the machine's own byte order, topic, bytes.
/// Both ends are the same program. The payload is within most_payload.
void encode(const frame& what, std::string& into);

/// Takes a stream of bytes apart into frames. Pure; what a node sends is not trusted, and is an error if it
/// is none. Holds at most one frame beyond what was fed last.
class frame_decoder {
public:
  void feed(std::string_view bytes);
  /// The next whole frame; nothing if more bytes are needed. After an error the stream is of no use.
  runtime::result<std::optional<frame>> next();

private:
  std::string held_;
  std::size_t at_ = 0; ///< in held_, behind the last frame
};

} // namespace perron::siblings::core
