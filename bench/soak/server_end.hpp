// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <netinet/in.h>

namespace perron::soak {

/// Whether this machine's kernel has an established TCP socket at `server` whose peer is `client`, accepted
/// or not. For a client that was reset: who resets a connection does not keep his end (RFC 9293 3.5.3), so
/// while that is there the reset was not the server's doing but the kernel's, whose listening socket answers
/// a segment for which it finds no connection. It finds none when that segment comes, on another processor,
/// in the moment in which the handshake's record is replaced by the socket, for it looks without a lock. For
/// that the handshake has to go on in a timer while the client runs elsewhere: as when its first SYN met what
/// is left of somebody with the same ports who vanished (RFC 5961 4), and was sent again. Linux 6.18, a
/// listening socket with no program behind it: 2 of 2,000 such handshakes, none where the client runs on the
/// timer's processor.
///
/// False also where it cannot be told: a server on another machine, no sock_diag(7). IPv4. Any thread; some
/// ten microseconds.
bool server_end_is_open(const sockaddr_in& server, const sockaddr_in& client);

} // namespace perron::soak
