// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/listening.hpp>
#include <perron/httpd/program/assemble.hpp>
#include <perron/httpd/program/nodes/shared_program.hpp>
#include <perron/httpd/program/nodes/shared_sockets.hpp>
#include <perron/httpd/program/service/activation.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd::program {

/// One address that is listened on, from the moment its sockets are open until it is given up. The sockets
/// are this program's and not a server's: a server that is started again, or by another that needs other
/// options, takes copies of them, and no client that is waiting to be accepted is lost.
///
/// | field   | who may touch it                                   |
/// |---------|----------------------------------------------------|
/// | key,    | not changed                                        |
/// |  shared |                                                    |
/// | the rest| under lock: the keeper, and the start of its server|
class open_listener {
public:
  /// Opens the sockets, or takes those that a service manager has opened; these are closed here. The error
  /// has the place in the configuration.
  static runtime::result<std::shared_ptr<open_listener>> open(assembled_listener what, std::size_t workers,
                                                              std::vector<int> handed_in = {});

  /// The same for one of several nodes: its part of what is open for all of them, or is opened so now.
  static runtime::result<std::shared_ptr<open_listener>> share(assembled_listener what, std::size_t workers,
                                                               const shared_program& with, unsigned self);

  open_listener(std::string address, assembled_listener what, core::listening_sockets sockets,
                std::unique_ptr<shared_sockets> shared = nullptr)
      : key(std::move(address)), what_(std::move(what)), sockets_(std::move(sockets)),
        shared_(std::move(shared)) {}

  /// Starts a server for it, linked to the caller; what its child's start function does.
  runtime::result<runtime::pid> start();

  /// Its server accepts the clients of these nodes too, from now on and when it is started again. What keeps
  /// it from that is in the log.
  void cover(std::vector<unsigned> nodes);
  /// Whether each node has sockets of its own.
  bool is_spread() const noexcept { return shared_ != nullptr && shared_->is_spread(); }

  /// What the server answers with from its next start on.
  void set(assembled_listener what);
  assembled_listener now() const;
  runtime::pid server() const;
  /// With the port that was found where any was asked for.
  endpoint bound() const;
  std::string url() const;
  /// Nobody can connect any more, to no node, and the address is free.
  void close();

  const std::string key; ///< of its endpoint: "127.0.0.1 8080"

private:
  void cover_by(runtime::pid server, unsigned node, bool on) const;

  mutable std::mutex lock_;
  assembled_listener what_;
  core::listening_sockets sockets_;
  const std::unique_ptr<shared_sockets> shared_; ///< with several nodes
  runtime::pid server_;
  std::vector<unsigned> covered_; ///< nodes
};

/// Two that are at the same address have the same key. Where the system chooses the port, the name counts.
std::string key_of(const assembled_listener& what);

/// Opens what all nodes share, before they begin, and puts it on the shelf; otherwise as open_all().
runtime::result<void> open_for_all(const std::vector<assembled_listener>& what, std::size_t workers,
                                   const shared_program& with, std::vector<inherited_socket>& handed_in);

/// Opens all of them, or none and says why. `handed_in`: what of them a service manager has opened; what is
/// used is taken out.
runtime::result<std::vector<std::shared_ptr<open_listener>>>
open_all(std::vector<assembled_listener> what, std::size_t workers, std::vector<inherited_socket>& handed_in);

} // namespace perron::httpd::program
