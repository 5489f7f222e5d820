// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/listening.hpp>
#include <perron/httpd/program/assemble.hpp>
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
/// | key     | not changed                                        |
/// | the rest| under lock: the keeper, and the start of its server|
class open_listener {
public:
  /// Opens the sockets, or takes those that a service manager has opened; these are closed here. The error
  /// has the place in the configuration.
  static runtime::result<std::shared_ptr<open_listener>> open(assembled_listener what, std::size_t workers,
                                                              std::vector<int> handed_in = {});

  open_listener(std::string address, assembled_listener what, core::listening_sockets sockets)
      : key(std::move(address)), what_(std::move(what)), sockets_(std::move(sockets)) {}

  /// Starts a server for it, linked to the caller; what its child's start function does.
  runtime::result<runtime::pid> start();

  /// What the server answers with from its next start on.
  void set(assembled_listener what);
  assembled_listener now() const;
  runtime::pid server() const;
  /// With the port that was found where any was asked for.
  endpoint bound() const;
  std::string url() const;
  /// Nobody can connect any more, and the address is free.
  void close();

  const std::string key; ///< of its endpoint: "127.0.0.1 8080"

private:
  mutable std::mutex lock_;
  assembled_listener what_;
  core::listening_sockets sockets_;
  runtime::pid server_;
};

/// Two endpoints that are the same address have the same key.
std::string key_of(const endpoint& where);

/// Opens all of them, or none and says why. `handed_in`: what of them a service manager has opened; what is
/// used is taken out.
runtime::result<std::vector<std::shared_ptr<open_listener>>>
open_all(std::vector<assembled_listener> what, std::size_t workers, std::vector<inherited_socket>& handed_in);

} // namespace perron::httpd::program
