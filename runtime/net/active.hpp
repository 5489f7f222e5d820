// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/net/stream.hpp>
#include <perron/runtime/result.hpp>

#include <string>

namespace perron::runtime::net {

/// Mail: what has come in on a socket, at least one byte, at most 64 KiB.
struct data {
  socket_id socket{};
  std::string bytes;
};

/// Mail: nothing more will come in on a socket. Writing may still be possible if the reason is the end.
struct closed {
  socket_id socket{};
  error why; ///< code 0: the other side has ended its half of the connection; else what the network says
};

/// Makes the next thing that comes in on `from` arrive as one mail to the caller, `data` or `closed`, so that
/// a process can wait for sockets, timers and messages in one receive (OTP inet {active, once}):
///
///     net::active_once(peer);
///     receive([&](net::data d) { ... net::active_once(peer); },
///             [&](net::closed) { ... },
///             [&](room_message m) { ... },
///             after(30s, [] { ... }));
///
/// Nothing is read ahead of it, so a slow process slows the other side down. The mail is not refused by a
/// full mailbox. Asked for again before it came, it goes to the later caller; EBUSY if it is on its way
/// already or somebody reads. Meanwhile read() gives EBUSY. A stream that is handed over takes no request
/// with it: call passive() before, or let the new owner call this. Does not wait. For clients that send much,
/// read() is cheaper: it copies once less.
result<void> active_once(stream& from);

/// Takes the request back. True: no mail will come of it. False: there was none, or the mail is on its way or
/// in the mailbox.
bool passive(stream& from) noexcept;

} // namespace perron::runtime::net
