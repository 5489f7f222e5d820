// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/net/stream.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/siblings/frame.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace perron::siblings::core {

/// The registered name of whoever takes what this node sends: the writer, or, where there is one node, the
/// link itself.
inline constexpr std::string_view outlet_name = "perron.siblings.out";
/// Bytes that may be on their way there before publishers wait.
inline constexpr std::size_t most_waiting = std::size_t(8) << 20;

/// Bytes that are on their way to the outlet, counted until the mail that has them is gone, taken or not.
class reservation {
public:
  reservation() noexcept = default;
  explicit reservation(std::size_t bytes) noexcept;
  reservation(reservation&& other) noexcept : bytes_(std::exchange(other.bytes_, 0)) {}
  reservation& operator=(reservation&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~reservation();

  /// Of all.
  static std::size_t sum() noexcept;

private:
  std::size_t bytes_ = 0;
};

/// Mail to the outlet.
struct outgoing {
  frame what;
  reservation room;
};
/// A call to the outlet, answered when all that was sent to it before is out.
struct flush {
  using reply = void;
};

/// That there is none.
runtime::error no_outlet();

/// Sends a frame to the outlet, whatever waits there. False: there is none.
bool put_out(frame what);
/// The same, but waits for room as publish() says.
runtime::result<void> put_out_in_turn(frame what);

/// The process that writes frames to the parent, several at once where they wait. Ends with the socket, or
/// when told to, after what it has by then. To be spawned with trap_exit under outlet_name.
void run_writer(const std::shared_ptr<runtime::net::stream>& to);

} // namespace perron::siblings::core
