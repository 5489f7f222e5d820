// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>

#include <string>
#include <vector>

/// Of several servers with listening sockets of their own at one address, as the nodes of a program have
/// them, each is given its clients by the kernel, which does not know that one has no room for more. Then
/// another server accepts from the sockets of that one as well. Who decides that asks here. From processes.
namespace perron::httpd::core {

/// Mail: a client came to this server and could not be accepted, as there are max_connections, or no
/// descriptors. Once, until somebody asks has_room().
struct server_full {
  runtime::pid server;
};

/// Whoever has this name is told when the server is full. Once for a server, before there can be clients that
/// matter; one that nobody has told this tells nobody.
runtime::result<void> tell_when_full(runtime::pid server, std::string name);

/// Whether it would accept a client now. It tells again from now on.
runtime::result<bool> has_room(runtime::pid server);

/// From now on it accepts from these sockets too, by its own limits, in the place of those that it had for
/// `whose` before; none: no more. It works on copies. Ends when it stops to listen. Error: EMFILE and the
/// like; then it has none for `whose`.
runtime::result<void> cover(runtime::pid server, unsigned whose, std::vector<int> sockets);

} // namespace perron::httpd::core
