// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string_view>

namespace perron::soak {

enum class end_state : std::uint8_t { unknown, none, open, ending };

std::string_view name_of(end_state s);

/// What this machine's kernel has of a TCP connection at `server` whose peer is `client`: open, accepted or
/// not (established, or not quite yet), or one that either side has ended. For a client that was reset: who
/// resets a connection does not keep his end (RFC 9293 3.5.3), so while that is there the reset was not the
/// server's doing but the kernel's, whose listening socket answers a segment for which it finds no
/// connection. It finds none when that segment comes, on another processor, in the moment in which the
/// handshake's record is replaced by the socket, for it looks without a lock. For that the handshake has to
/// go on in a timer while the client runs elsewhere: as when its first SYN met what is left of somebody with
/// the same ports who vanished (RFC 5961 4), and was sent again, two ticks later. Linux 6.18, a listening
/// socket with no program behind it: 2 of 2,000 such handshakes, none where the client runs on the timer's
/// processor.
///
/// The segment that meets the gap may be the handshake's last one, while the client's question, sent on the
/// other processor, has made the socket. Then the server has the question and answers it, and its end is
/// gone by the reset that the answer is met with, 80 us later. Seen in a record of the packets: the kernel's
/// reset has no ACK flag, as one for which there is no connection (RFC 9293 3.10.7.1), and the question is
/// acknowledged behind it. To the client it looks as if the server had reset it: began_twice() tells.
///
/// Unknown where there is no sock_diag(7). None also where the server is on another machine. IPv4. Any
/// thread; some ten microseconds.
end_state server_end(const sockaddr_in& server, const sockaddr_in& client);

/// Whether the kernel has sent the SYN of a client's connection more than once, and nothing else; also when
/// it was reset. Any thread; a microsecond.
bool began_twice(int client);

} // namespace perron::soak
