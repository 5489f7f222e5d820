// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/net/address.hpp>
#include <perron/runtime/net/listener.hpp>
#include <perron/runtime/result.hpp>

#include <functional>
#include <vector>

namespace perron::runtime {
namespace core {
struct worker;
}

namespace net {

namespace detail {
struct acceptor;
}

/// Called with a new connection, non-blocking, on the worker that has accepted it, inside the engine: it must
/// not block, wait or throw, and is called on several workers at the same time. The descriptor is its own;
/// stream::adopt() and spawn() may be used.
using on_accept = std::function<void(int fd, core::worker& at)>;

/// Listeners at one address, one on each worker of a node, between which the system spreads connections.
/// Closed by close() or the destructor, from any thread; clients are refused from then on, and on_accept may
/// still be called for connections accepted before. It must not outlive its node.
class acceptors {
public:
  acceptors() noexcept = default;
  acceptors(acceptors&& other) noexcept;
  acceptors& operator=(acceptors&& other) noexcept;
  ~acceptors();

  void close() noexcept;
  /// With the port that was found for port 0.
  const address& local() const noexcept { return local_; }

private:
  friend result<acceptors> listen_each(const address&, const listen_options&, on_accept);

  std::vector<detail::acceptor*> each_;
  address local_;
  detail::socket_file file_;
};

/// Opens them all or none; SO_REUSEPORT is set in any case. A Unix address has one listener, on the first
/// worker. When descriptors or memory run out, accepting rests for 100 ms. From any thread of the node.
result<acceptors> listen_each(const address& at, const listen_options& options, on_accept call);

} // namespace net
} // namespace perron::runtime
