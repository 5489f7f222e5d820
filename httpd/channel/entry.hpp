// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/cursor.hpp>
#include <perron/httpd/websocket/message.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

/// Who published, and the how-manieth time: what makes a repeated publish known as such. The number grows
/// from one publish of a client to its next. Without a `from` nothing is recognised.
struct topic_origin {
  std::string from{};
  std::uint64_t number = 0;

  friend bool operator==(const topic_origin&, const topic_origin&) = default;
};

/// What a history keeps of one entry.
struct topic_record {
  std::uint64_t id = 0;
  std::int64_t at_ms = 0; ///< when it was published, since 1970
  topic_origin origin{};
  std::string data{}; ///< JSON

  friend bool operator==(const topic_record&, const topic_record&) = default;
};

/// One published entry with its encoded forms, which are made once and shared by all who receive it. Never
/// changes, so any thread may read it. Costs its data
/// about twice, and once more when there are WebSockets.
class topic_entry {
public:
  /// `data` must be JSON in UTF-8; line ends in it, which JSON has between its tokens only, become spaces.
  topic_entry(std::string_view topic, std::uint64_t epoch, topic_record record);

  const topic_cursor& at() const noexcept { return at_; }
  const topic_record& record() const noexcept { return record_; }
  std::string_view data() const noexcept { return record_.data; }

  /// The message of PROTOCOL.md, as a WebSocket carries it.
  std::string_view json() const noexcept {
    return std::string_view(sse_).substr(json_begin_, sse_.size() - json_begin_ - 2);
  }
  /// The same as an event of a server-sent stream, with its id.
  std::string_view sse() const noexcept { return sse_; }
  /// The same as a WebSocket's frame, made when the first one asks.
  const shared_frame& frame() const {
    std::call_once(frame_made_, [this] { frame_.emplace(shared_frame::text(json())); });
    return *frame_;
  }
  /// Bytes that it takes, about.
  std::size_t cost() const noexcept {
    return sizeof *this + sse_.size() + record_.data.size() + record_.origin.from.size();
  }

private:
  topic_cursor at_;
  topic_record record_;
  std::string sse_;
  std::size_t json_begin_ = 0;
  mutable std::once_flag frame_made_;
  mutable std::optional<shared_frame> frame_; ///< after frame_made_ never changes
};
using topic_entry_ptr = std::shared_ptr<const topic_entry>;

/// 1 to 128 of A-Z a-z 0-9 . _ : / -: what needs no escape in JSON, events and addresses.
bool is_topic_name(std::string_view name) noexcept;

} // namespace perron::httpd
