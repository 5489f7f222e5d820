// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>
#include <perron/supervisors/core/descriptor.hpp>
#include <perron/supervisors/siblings/frame.hpp>
#include <perron/supervisors/siblings/liveness.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace perron::siblings::core {

/// The parent's end of the socket to one node, non-blocking, with what waits to be written to it. For the
/// parent's thread.
class node_pipe {
public:
  using time = liveness::time;

  /// Owns the descriptor.
  node_pipe(int fd, std::chrono::milliseconds unresponsive_after) : fd_(fd), alive_(unresponsive_after) {}

  int fd() const noexcept { return fd_.get(); }
  /// Bytes that the node has not taken yet.
  std::size_t waiting() const noexcept { return waiting_; }

  /// Queues frames as they go over the socket, shared with other nodes, and sends what goes.
  void send(const std::shared_ptr<const std::string>& wire, time now);
  /// Sends what goes. The socket's end shows when it is read.
  void flush(time now);

  enum class came : std::uint8_t {
    some,    ///< bytes, and perhaps frames
    nothing, ///< there is nothing now
    end      ///< the end of the socket, or what cannot be trusted: of no use from now on
  };
  /// Reads some of what has come, and gives each frame to `take`, which is false for one that no node sends.
  came read(const std::function<bool(frame)>& take, time now);

  liveness& alive() noexcept { return alive_; }
  const liveness& alive() const noexcept { return alive_; }

private:
  void queue_ping();

  supervisors::core::descriptor fd_;
  liveness alive_;
  frame_decoder in_;
  std::deque<std::shared_ptr<const std::string>> out_;
  std::size_t sent_of_first_ = 0;
  std::size_t waiting_ = 0;
};

} // namespace perron::siblings::core
