// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

struct bio_st;

namespace perron::runtime::tls::detail {

/// What stands between OpenSSL and a socket. What OpenSSL writes is always taken: it is gathered in a buffer
/// of the thread while a call lasts, goes out in one system call at its end, and what the socket does not
/// take is kept here. So OpenSSL never stops in the middle of a write.
///
/// Between begin() and end() it stays in one thread. One owner at a time.
struct wire {
  explicit wire(int socket) noexcept : fd(socket) {}

  /// Of the bytes of a call; a few records of 16 KiB, so that a large answer takes few system calls.
  static constexpr std::size_t gather_bytes = 66 * 1024;
  /// The most that a record carries (RFC 8446 5.1).
  static constexpr std::size_t record_bytes = 16 * 1024;

  /// A call begins: sends what was kept, as far as the socket takes it. 0, -EAGAIN if some is left, -errno.
  std::int64_t begin() noexcept;
  /// Sends what was gathered so far. As begin().
  std::int64_t flush() noexcept;
  /// A call ends: keeps what could not be sent.
  std::int64_t end() noexcept;

  std::size_t kept() const noexcept { return kept_size_ - kept_from_; }
  /// Whether one more record can be gathered.
  bool has_room() const noexcept { return gather_bytes - gathered_ > record_bytes + 512; }
  /// During a call: a place for the caller to put a record's content together.
  std::span<char> record() const noexcept { return {gather_ + gather_bytes, record_bytes}; }

  // for OpenSSL
  int write(const char* from, std::size_t size) noexcept;
  int read(char* into, std::size_t size) noexcept;

  /// A BIO on it, the caller's; null: no memory.
  static ::bio_st* make_bio(wire& on) noexcept;

  /// A KeyUpdate has come (RFC 8446 4.6.3).
  void note_key_update() noexcept;
  /// A call gave data to the caller.
  void note_progress() noexcept { key_updates_ = 0; }

  const int fd;
  int read_failed = 0;       ///< errno
  int write_failed = 0;      ///< errno; what is written after it is thrown away, so that reading can go on
  const char* why = nullptr; ///< a reason of ours to have read_failed
  bool awaits_hello = false; ///< the first bytes are to be a ClientHello of sensible size
  bool ended = false;        ///< the peer sends no more
  bool drained = false;      ///< the last read found less than it asked for
  bool starved = false;      ///< the last read found nothing

private:
  void look_at_hello(std::span<const char> bytes) noexcept;
  bool keep(std::span<const char> bytes) noexcept;
  void drop(std::size_t sent) noexcept;

  std::array<unsigned char, 9> hello_{}; ///< the heads of its record and message
  std::uint8_t hello_size_ = 0;
  std::uint8_t key_updates_ = 0;
  char* gather_ = nullptr; ///< the thread's
  std::size_t gathered_ = 0;
  bool full_ = false; ///< in this call the socket took no more
  std::unique_ptr<char[]> kept_;
  std::size_t kept_from_ = 0;
  std::size_t kept_size_ = 0;
  std::size_t kept_room_ = 0;
};

} // namespace perron::runtime::tls::detail
