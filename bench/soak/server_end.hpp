// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <netinet/in.h>

namespace perron::soak {

/// Whether this machine's kernel has an established TCP socket at `server` whose peer is `client`, accepted
/// or not. For a client that was reset: who resets a connection does not keep his end (RFC 9293 3.5.3), so
/// while that is there the reset was not the server's doing but the kernel's, whose listening socket answers
/// a segment for which it finds no connection. It might find none in the moment in which the handshake's
/// record is replaced by the socket, as that search takes no lock; whether this is what happens was not seen.
///
/// False also where it cannot be told: a server on another machine, no sock_diag(7). IPv4. Any thread; some
/// ten microseconds.
bool server_end_is_open(const sockaddr_in& server, const sockaddr_in& client);

} // namespace perron::soak
