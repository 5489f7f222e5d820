// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/response.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace perron::httpd {

/// Mail: there is something to be read from a duplex, see duplex::notify().
struct readable {};
/// Mail: the time given to duplex::remind() is over.
struct reminder {};

namespace core {

/// What a duplex talks to: a connection, or a test.
class byte_channel {
public:
  virtual ~byte_channel() = default;
  virtual std::size_t read(std::span<char> into) = 0;
  virtual std::optional<std::size_t> try_read(std::span<char> into) = 0;
  virtual void write(std::span<const std::string_view> parts) = 0;
  virtual void notify() = 0;
  /// Where no time passes it does nothing.
  virtual void remind(std::chrono::milliseconds) {}
  virtual void end() = 0;
};

} // namespace core

/// A connection that carries another protocol from now on: bytes in, bytes out; given by request::upgrade().
/// Move-only; it may be moved into what a process hibernates with, and needs neither the request nor the
/// handler's frames. For the request's process only.
///
/// The peer may end its sending half: read() then gives 0, and nothing interrupts the process. A peer that is
/// gone altogether ends the process with reason client_gone when it reads or writes.
class duplex {
public:
  explicit duplex(std::unique_ptr<core::byte_channel> channel) noexcept : channel_(std::move(channel)) {}

  /// Waits for bytes; 0: the peer has ended its half. No time limit.
  std::size_t read(std::span<char> into) { return channel_->read(into); }
  /// Does not wait; nothing: none are there now.
  std::optional<std::size_t> try_read(std::span<char> into) { return channel_->try_read(into); }

  /// Waits while the peer is slow; ends the process with slow_reader if it takes nothing for write_time.
  void write(std::span<const std::string_view> parts) { channel_->write(parts); }
  void write(std::string_view bytes) { write(std::span(&bytes, 1)); }

  /// Asks for one mail `readable` when bytes, the peer's end or an error are there, now or later. It wakes a
  /// process that hibernates. Asking again before it came changes nothing. It may come for bytes that were
  /// read in the meantime: try_read() then says that there are none. Does not wait; costs no system call.
  ///
  ///     peer.notify();
  ///     receive([&](httpd::readable) { while (auto n = peer.try_read(buffer)) ... },
  ///             [&](room_message m) { ... });
  void notify() { channel_->notify(); }

  /// Asks for one mail `reminder` after that time, instead of the one asked for before if that has not come;
  /// one that is on its way already still comes. Wakes a process that hibernates. It is the connection's own
  /// timer, so it costs no memory, as send_after() does; a few ms late at times, never early.
  void remind(std::chrono::milliseconds after) { channel_->remind(after); }

  /// The connection closes when the peer has taken what was written. To be returned by the handler; a process
  /// that has hibernated just ends after it. Without it the connection closes as well, as after a crash.
  response end() {
    channel_->end();
    response r;
    r.sent = true;
    return r;
  }

private:
  std::unique_ptr<core::byte_channel> channel_;
};

} // namespace perron::httpd
