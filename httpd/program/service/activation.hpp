// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd::program {

/// A listening socket that a service manager has opened for the program (sd_listen_fds(3)).
struct inherited_socket {
  int fd = -1;
  std::string name{};    ///< FileDescriptorName of its unit: by default that unit's own, "perron.socket"
  std::string address{}; ///< "0.0.0.0:80", "[::]:443", "unix:/run/perron.sock", "unix:@abstract"

  friend bool operator==(const inherited_socket&, const inherited_socket&) = default;
};

/// The sockets that LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES tell of; none if they are not there or meant
/// for another process. Takes them out of the environment, and gives the sockets close-on-exec and
/// non-blocking. Before other threads run. Errors: one of them is no socket that listens for streams.
runtime::result<std::vector<inherited_socket>> take_inherited_sockets();

/// Those that belong to a listener: with its name, or bound to one of its addresses, written as above; what a
/// server takes as server_options.inherited. They are taken out of `all`: what is left at the end belongs to
/// nobody.
std::vector<int> take_sockets_of(std::vector<inherited_socket>& all, std::string_view name,
                                 std::string_view address);

/// How an address is written here: "[::]:443" for host "::"; "unix:/x" as it is.
std::string socket_address(std::string_view host, unsigned port);

} // namespace perron::httpd::program
