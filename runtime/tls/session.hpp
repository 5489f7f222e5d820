// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>
#include <perron/runtime/tls/session_info.hpp>

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace perron::runtime::tls {

class client_context;
class server_context;

namespace detail {
class records;
class wire;
struct handshake_watch;
struct known;
} // namespace detail

/// One TLS connection on a non-blocking stream socket, which it does not own and which must outlive it: a
/// step machine that never waits. For what waits in a process there is stream.hpp.
///
/// Used by one owner at a time; it may move between threads from call to call. A call leaves nothing behind
/// in its thread.
///
/// Errors are negated errno values, as in net/system_calls.hpp: -EAGAIN, what the socket says, -EPROTO where
/// the peer breaks TLS or refuses it (failure() has the text), -ECONNABORTED where the connection ended
/// without close_notify: what was read may be only a part (RFC 8446 6.1). After an error other than -EAGAIN
/// nothing is possible but to destroy it. SIGPIPE is never raised, but by sendfile() where the kernel seals.
///
/// A handshake costs 0.1 to 1 ms of processor time and up to 16 KiB of stack. Memory while idle: see
/// README.md.
class session {
public:
  /// The server's side, with the certificates that the context has at this moment.
  static result<std::unique_ptr<session>> accept(const server_context& as, int fd);
  /// The client's side. `name`: whom to expect (a host name or an address) unless the context says; may be
  /// empty only if nothing is verified.
  static result<std::unique_ptr<session>> connect(const client_context& as, int fd, std::string_view name);

  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();

  enum class step : std::uint8_t { done, wants_read, wants_write, failed };
  /// To be called until it is done, whenever the socket is ready for what it wants.
  step handshake() noexcept;
  bool is_established() const noexcept { return established_; }

  /// Has the kernel seal what is sent from now on (kernel TLS): files go out without passing through this
  /// program, what is sent is not copied together first. For a server, once established. False: this kernel
  /// has no TLS (modprobe tls), or not this cipher, it is no TCP connection, OpenSSL keeps it, or part of the
  /// handshake still waits for the socket; then all is as before. A client that asks for new keys (KeyUpdate
  /// of TLS 1.3, hardly any does) needs Linux 6.14; before, it is refused.
  bool seal_in_kernel() noexcept;
  bool is_sealed_by_kernel() const noexcept;
  /// Whether say_goodbye() comes behind all that was sent, and an end of the connection cuts nothing off.
  /// False only where the kernel seals, and has not room yet for all that it has taken: to be asked again
  /// when the socket is ready for writing.
  bool may_say_goodbye() const noexcept;

  /// Why it failed, for people: "certificate verify failed: self-signed certificate". Empty: it has not.
  std::string_view failure() const noexcept;
  /// The errno that goes with it; 0: it has not failed.
  int failure_code() const noexcept { return broken_; }
  /// Whether the handshake failed because the client speaks plain HTTP; the socket can still be written to.
  bool met_plain_http() const noexcept { return plain_http_; }

  /// Bytes read; 0: the peer has said goodbye (close_notify).
  std::int64_t receive(std::span<char> into) noexcept;
  /// Bytes taken, which are then with the kernel. Pieces are joined in records of up to 16 KiB, and records
  /// in system calls. What was not taken may be encrypted already: the next call has to go on with the same
  /// bytes.
  std::int64_t send(const ::iovec* parts, std::size_t count) noexcept;
  /// As send, of `head`, which may be empty, and behind it an open file from `offset` on, which moves on by
  /// as many of its bytes as were taken. 0: there is no head, and the file has no more. May block on the
  /// disk.
  std::int64_t sendfile(std::string_view head, int file, ::off_t& offset, std::size_t count) noexcept;

  /// After -EAGAIN: whether to wait for the other event than the obvious one.
  bool wants_write_to_read() const noexcept { return write_to_read_; }
  bool wants_read_to_write() const noexcept { return read_to_write_; }

  /// Whether receive() may give more bytes of which no event will tell: some were read from the socket but
  /// not received, or the socket was not read until it was empty.
  bool has_pending() const noexcept;

  /// Tells the peer that nothing more comes (close_notify), as much of it as the socket takes at once.
  /// Nothing can be sent after it; receive() goes on.
  void say_goodbye() noexcept;

  /// Once established. The first call makes it.
  const session_info& info() const;

  /// What the server has stapled of its certificate, in DER and not looked at; empty: nothing. For clients.
  std::string stapled_ocsp() const;

private:
  session() noexcept = default;

  static result<std::unique_ptr<session>> make(::ssl_ctx_st* of, int fd);
  void go_on_without_openssl() noexcept;
  std::int64_t outcome_of(int returned) noexcept;
  std::int64_t receive_records(std::span<char> into) noexcept;
  std::int64_t fail(std::int64_t code, std::string_view why) noexcept;
  template <class Source>
  std::int64_t pump(Source& from) noexcept;
  template <class Call>
  std::int64_t leave_to_kernel(Call call) noexcept;

  std::unique_ptr<detail::wire> wire_;
  std::unique_ptr<detail::handshake_watch> watch_; ///< while there is ssl_
  ::ssl_st* ssl_ = nullptr;
  std::unique_ptr<detail::records> records_; ///< instead of ssl_, if it can be
  std::unique_ptr<std::string> failure_;
  mutable std::unique_ptr<detail::known> known_;
  std::size_t owed_ = 0; ///< bytes of the caller that are encrypted, but not all sent
  int broken_ = 0;       ///< errno
  bool is_server_ = false;
  bool established_ = false;
  bool plain_http_ = false;
  bool write_to_read_ = false;
  bool read_to_write_ = false;
  bool said_goodbye_ = false;
  bool ended_ = false;  ///< the caller was told of the end
  bool untold_ = false; ///< the end or a failure was found behind data; the caller was told of the data
};

} // namespace perron::runtime::tls
