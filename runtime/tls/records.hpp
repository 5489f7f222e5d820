// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <perron/runtime/tls/handshake_watch.hpp>
#include <perron/runtime/tls/traffic_key.hpp>
#include <perron/runtime/tls/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace perron::runtime::tls::detail {

/// A server's connection after its handshake: from then on TLS is records and a few small messages, for which
/// no OpenSSL connection of 13 KB is needed. It takes the keys over, and OpenSSL's ciphers do the work.
///
/// What a client may send: data, alerts, in TLS 1.3 KeyUpdate (RFC 8446 4.6.3), in TLS 1.2 a request to
/// negotiate again, which is declined (RFC 5246 7.2.2 no_renegotiation). Everything else ends the connection
/// with an alert.
///
/// A pure state machine but for the wire. One owner at a time; during a call in one thread.
class records {
public:
  /// Takes over from a server's session whose handshake is complete and of which OpenSSL holds no unread
  /// bytes. Null: it uses a cipher that is not known here, or there is no memory; OpenSSL goes on with it
  /// then.
  static std::unique_ptr<records> take(::ssl_st* from, const handshake_watch& seen) noexcept;

  /// With these secrets for both directions, for tests without a handshake; `client` is set to what the other
  /// side seals with; `next` numbers all of their first records.
  static std::unique_ptr<records> for_test(aead cipher, bool newest,
                                           std::span<const unsigned char, 32> secret, traffic_key& client,
                                           std::uint64_t next = 0) noexcept;

  /// Why a connection is over.
  struct end_of {
    int code = 0; ///< errno; 0: it is not over
    std::string_view why{};
    int alert = -1; ///< what the peer has sent to end it
  };

  /// Reads data, during a call of the wire. As session::receive; 0, the end; `over` says why it failed.
  std::int64_t receive(wire& from, std::span<char> into, end_of& over) noexcept;
  /// Data that receive() gives without reading.
  bool has_data() const noexcept { return data_.size() != 0; }
  std::int64_t take_data(std::span<char> into) noexcept;
  bool has_ended() const noexcept { return ended_; }

  /// A call that sends begins. False: no memory.
  bool begin_sending(wire& to) noexcept;
  /// Makes a record at the wire's next_record(); what it holds may begin at place_of() already.
  bool seal(wire& to, std::span<const char> from) noexcept;
  std::span<char> place_of(const wire& to) const noexcept {
    return {reinterpret_cast<char*>(to.next_record() + writing_.before()), wire::record_bytes};
  }

  void say_goodbye(wire& to) noexcept;

  // -- leaving that to the kernel (kernel_sealing.hpp)

  /// Has the kernel seal what is sent from now on, between calls of the wire. False: it cannot, or there are
  /// records of ours that wait for the socket; then all is as before.
  bool seal_in_kernel(const wire& to) noexcept;
  bool is_sealed_by_kernel() const noexcept { return in_kernel_; }
  /// Before data is sent: 0; -EAGAIN: a message of ours goes first, and finds no room; -EPROTO: the key has
  /// protected all that it may, or the client has asked for another, and this kernel cannot change it.
  std::int64_t may_send_in_kernel(wire& to) noexcept;
  void sent_in_kernel(std::size_t bytes) noexcept;

private:
  enum class alert : unsigned char;

  std::int64_t take_record(wire& from, std::span<unsigned char> record, std::span<char> into,
                           end_of& over) noexcept;
  std::int64_t deliver(std::span<const unsigned char> data, std::span<char> into, end_of& over) noexcept;
  std::int64_t hear_alert(wire& to, std::span<const unsigned char> said, end_of& over) noexcept;
  std::int64_t hear_handshake(wire& to, std::span<const unsigned char> said, end_of& over) noexcept;
  std::int64_t refuse(wire& to, alert which, std::string_view why, end_of& over) noexcept;
  bool change_own_key(wire& to) noexcept;
  bool put(wire& to, std::span<const unsigned char> what, record_type type) noexcept;

  traffic_key reading_;
  traffic_key writing_;
  ::evp_cipher_ctx_st* opening_ = nullptr; ///< during a call; the thread's
  ::evp_cipher_ctx_st* sealing_ = nullptr; ///< during a call; the thread's
  kept_bytes data_;                        ///< opened, not received
  std::array<unsigned char, 5> message_{}; ///< a KeyUpdate that comes in several records
  std::uint8_t message_size_ = 0;
  std::uint8_t idle_records_ = 0; ///< in a row, without data
  bool ended_ = false;
  bool in_kernel_ = false;   ///< writing_ is what it seals with, its number about the kernel's
  bool owes_update_ = false; ///< and a KeyUpdate goes before what is sent next
};

} // namespace perron::runtime::tls::detail
