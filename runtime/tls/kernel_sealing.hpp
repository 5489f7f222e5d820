// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <perron/runtime/tls/traffic_key.hpp>

#include <cstdint>
#include <span>

namespace perron::runtime::tls::detail {

/// Records that the kernel makes (Linux, Documentation/networking/tls.rst): what is written to the socket of
/// a TCP connection goes out sealed, and files go by sendfile(2) without passing through this program. Only
/// sealing; what comes is opened here.
///
/// What the kernel has taken may wait in front of the socket's queue, where the end of the connection cuts it
/// off: see has_room_to_end().

/// From now on the kernel seals what is sent on `socket`, with the key, nonce and number of `next`. False:
/// this kernel does not (it has no module "tls", or does not know the cipher), or it is no TCP connection;
/// then all is as before. Once for a socket. Any thread. One or two system calls; where the module or the
/// cipher is not there, none after the first time.
bool begin_sealing(int socket, const traffic_key& next) noexcept;

/// Whether another key can follow, as far as is known: kernels before Linux 6.14 refuse the first attempt.
bool may_change_sealing() noexcept;
/// Goes on with another key. False: not with this kernel.
bool change_sealing(int socket, const traffic_key& next) noexcept;

/// Sends a record that is not data. As net::detail::try_send.
std::int64_t try_send_record(int socket, record_type type, std::span<const unsigned char> content) noexcept;

/// Before the last record: whether the socket's queue has room for it and for those in front of it, which the
/// kernel moves there when it is given another. Else it has some time after the socket is ready for writing.
/// Lifts the bound that is put on what is not sent (TCP_NOTSENT_LOWAT).
bool has_room_to_end(int socket) noexcept;

} // namespace perron::runtime::tls::detail
