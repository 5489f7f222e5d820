// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Server-sent events as text: WHATWG HTML, section 9.2 ("text/event-stream"). Values only: no sockets, no
/// clock. For sending from a handler take httpd/sse.hpp.
namespace perron::httpd {

/// One event to be sent. `{.data = "hello"}`, `{.data = json, .id = "17", .event = "price"}`.
struct sse_event {
  std::string_view data{};              ///< any text; its line ends arrive as LF
  std::optional<std::string_view> id{}; ///< what Last-Event-ID will say; an empty one takes it back
  std::string_view event{};             ///< the type; empty: "message"
  std::optional<std::chrono::milliseconds> retry{}; ///< how long the client waits before it connects again
};

/// Appends the text of an event, or of a comment, which clients ignore. Throws std::invalid_argument if the
/// type or id has a line end, or the id a NUL: they would change what the stream says. Costs one copy.
void append_sse_event(std::string& out, const sse_event& what);
void append_sse_comment(std::string& out, std::string_view text);
/// The value of a new reconnection time, without an event.
void append_sse_retry(std::string& out, std::chrono::milliseconds time);

/// An event as a client sees it.
struct sse_message {
  std::string event; ///< "message" if the stream said nothing
  std::string data;
  std::string last_event_id; ///< that of this event, or of one before it

  friend bool operator==(const sse_message&, const sse_message&) = default;
};

/// Reads a stream, in pieces of any size, by the rules of section 9.2.6: for tests and for clients. Never
/// fails. What is kept is bounded by `most_bytes` per event; a longer one is dropped as a whole.
class sse_parser {
public:
  explicit sse_parser(std::size_t most_bytes = std::size_t(1) << 20) noexcept : most_bytes_(most_bytes) {}

  /// Events that these bytes complete are appended to `out`.
  void feed(std::string_view bytes, std::vector<sse_message>& out);

  const std::string& last_event_id() const noexcept { return last_id_; }
  /// What the stream asked for last, if it did.
  std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

private:
  void take_line(std::vector<sse_message>& out);
  void take_field(std::string_view name, std::string_view value);
  void dispatch(std::vector<sse_message>& out);

  std::size_t most_bytes_;
  std::string line_;
  std::string data_;
  std::string type_;
  std::string last_id_;
  std::optional<std::chrono::milliseconds> retry_;
  std::uint64_t seen_ = 0; ///< bytes of a byte order mark at the beginning; 3: that is behind us
  bool after_cr_ = false;
  bool too_long_ = false;
};

} // namespace perron::httpd
