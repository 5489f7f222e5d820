// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace perron::runtime::net::detail {

/// System calls that give what they give, or the negated errno, and are repeated after EINTR. They exist
/// because a process may go on in another thread: compilers keep the address of errno across calls, so no
/// function that suspends may name it. Any thread; none of these blocks on a non-blocking descriptor.
std::int64_t try_receive(int fd, char* into, std::size_t size) noexcept;
/// Never raises SIGPIPE.
std::int64_t try_send(int fd, const ::iovec* parts, std::size_t count) noexcept;
/// Sends the last bytes of a stream and, if all were taken, ends its sending half: of TCP both in one
/// segment, where two cost a short connection an eighth of its time. To close instead of ending would not do:
/// if there were unread bytes the kernel would reset the connection and throw the answer away.
std::int64_t try_send_last(int fd, std::string_view bytes) noexcept;
/// Raises SIGPIPE unless the program ignores it, as a node does. May block on the disk.
std::int64_t try_sendfile(int fd, int file, ::off_t& offset, std::size_t count) noexcept;
/// When what is sent before a file goes out.
enum class head_goes : std::uint8_t {
  ahead, ///< at once: a reader that is busy anyway is at work on it when the file comes; 100 KB over loopback
         ///< cost two fifths less
  with_file ///< of TCP in one segment with the first bytes of the file, or when those have not come for 0.2
            ///< s: a reader that waits is woken once; a twentieth less where they come from a disk
};
/// The same with `head` before it, in two calls. Gives how many bytes of both were taken; what goes wrong
/// with the file behind a whole head the next call tells.
std::int64_t try_sendfile(int fd, std::string_view head, int file, ::off_t& offset, std::size_t count,
                          head_goes when = head_goes::ahead) noexcept;
int try_accept(int fd) noexcept;
/// How many connections wait to be accepted from a listening TCP socket; INT_MAX where nobody knows. What
/// comes after an edge was told makes a new one, so who accepts as many has no need to try until nobody is
/// there: that takes 0.3 us to ask, and 3 us to find out, since the kernel makes the new descriptor first.
int waiting_to_be_accepted(int fd) noexcept;
/// EINTR is given as EINPROGRESS: the connection is being made all the same (POSIX connect).
int try_connect(int fd, const ::sockaddr* to, ::socklen_t size) noexcept;
/// How an attempt to connect has ended: 0, an error, or -EINPROGRESS.
int connect_outcome(int fd) noexcept;
/// A non-blocking stream socket.
int make_socket(int family) noexcept;
int make_nonblocking(int fd) noexcept;
/// 0 or -EPROTOTYPE, for what is no stream socket.
int check_is_stream(int fd) noexcept;
/// Bytes that the kernel holds for the peer: not sent, or not acknowledged (SIOCOUTQ); 0 where it does not
/// say.
std::uint64_t unsent_bytes(int fd) noexcept;
int set_option(int fd, int level, int name, int value) noexcept;
int shut_down(int fd, int how) noexcept;

} // namespace perron::runtime::net::detail
