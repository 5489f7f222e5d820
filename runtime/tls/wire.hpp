// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

struct bio_st;

namespace perron::runtime::tls::detail {

/// Bytes that wait here between calls.
struct kept_bytes {
  std::unique_ptr<unsigned char[]> bytes;
  std::uint32_t from = 0;
  std::uint32_t until = 0;

  std::size_t size() const noexcept { return until - from; }
  std::span<const unsigned char> span() const noexcept { return {bytes.get() + from, size()}; }
  /// False: no memory; nothing has changed.
  bool append(std::span<const unsigned char> more) noexcept;
  void drop(std::size_t n) noexcept;
};

/// What stands between TLS records and a socket. What is written is always taken: it is gathered in a buffer
/// of the thread while a call lasts, goes out in one system call at its end, and what the socket does not
/// take is kept here. What is read comes into a buffer of the thread, as much as there is, and what a call
/// leaves of it is kept here too. So a call never stops in the middle of a write, and between calls there is
/// no buffer.
///
/// Between begin() and end() it stays in one thread. One owner at a time.
class wire {
public:
  explicit wire(int socket) noexcept : fd_(socket) {}

  /// The most that a record carries (RFC 8446 5.1), and that it takes on the way (RFC 5246 6.2.3).
  static constexpr std::size_t record_bytes = 16 * 1024;
  static constexpr std::size_t most_record_bytes = 5 + record_bytes + 2048;

  /// A call begins: sends what was kept, as far as the socket takes it. 0, -EAGAIN if some is left, -errno.
  std::int64_t begin() noexcept;
  /// Sends what was gathered so far. As begin().
  std::int64_t flush() noexcept;
  /// A call ends: keeps what could not be sent.
  std::int64_t end() noexcept;

  int socket() const noexcept { return fd_; }

  // -- writing

  /// What was written and waits for the socket.
  std::size_t unsent() const noexcept { return unsent_.size(); }
  /// Whether one more record can be gathered.
  bool has_room() const noexcept { return gather_bytes - gathered_ >= most_record_bytes; }
  /// Where the next record is to be made; if has_room(). gathered() tells how long it is.
  unsigned char* next_record() const noexcept { return gather_ + gathered_; }
  std::span<char> place_of_next() const noexcept {
    return {reinterpret_cast<char*>(next_record()), record_bytes};
  }
  void gathered(std::size_t bytes) noexcept { gathered_ += bytes; }
  /// Takes it all, whatever happens.
  void write(std::span<const unsigned char> bytes) noexcept;

  // -- reading

  /// What has been read and not been consumed, during a call.
  std::span<unsigned char> unread() const noexcept { return {read_ + read_from_, read_until_ - read_from_}; }
  void consume(std::size_t bytes) noexcept { read_from_ += bytes; }
  /// Only what is read from now on says whether the socket is empty: of bytes that came since it was last
  /// read, the event may be the one that made somebody read now.
  void begin_reading() noexcept { drained_ = false; }
  /// Reads more. How much; 0: the peer sends no more; -EAGAIN; -errno, also if there is no room for more.
  std::int64_t fill() noexcept;
  /// Between calls: whether a whole record is kept, or the socket has not been read empty.
  bool has_more() const noexcept;

  // -- for OpenSSL

  /// A BIO on it, the caller's; null: no memory.
  static ::bio_st* make_bio(wire& on) noexcept;
  int copy_out(unsigned char* into, std::size_t size) noexcept;

  // -- peers that ask too much

  /// The first bytes are to be a ClientHello of sensible size.
  void await_hello() noexcept { awaits_hello_ = true; }
  /// A KeyUpdate has come (RFC 8446 4.6.3).
  void note_key_update() noexcept;
  /// A call has given data to the caller.
  void note_progress() noexcept { key_updates_ = 0; }
  /// A reason of ours not to read on; null: none.
  const char* why() const noexcept { return why_; }

  int read_failed() const noexcept { return read_failed_; }
  bool has_ended() const noexcept { return ended_; }
  bool is_starved() const noexcept { return starved_; }

private:
  static constexpr std::size_t gather_bytes = 74 * 1024; // four records
  static constexpr std::size_t read_bytes = 2 * most_record_bytes;

  static unsigned char* buffers_of_thread() noexcept;
  void look_at_hello(std::span<const unsigned char> bytes) noexcept;
  void drop(std::size_t sent) noexcept;

  const int fd_;
  int read_failed_ = 0;  ///< errno
  int write_failed_ = 0; ///< errno; what is written after it is thrown away, so that reading can go on
  std::uint8_t hello_size_ = 0;
  std::uint8_t key_updates_ = 0;
  bool awaits_hello_ = false;
  bool ended_ = false;                   ///< the peer sends no more
  bool drained_ = false;                 ///< the last read found less than it asked for
  bool starved_ = false;                 ///< the last read found nothing
  bool full_ = false;                    ///< in this call the socket took no more
  std::array<unsigned char, 9> hello_{}; ///< the heads of its record and message
  const char* why_ = nullptr;
  kept_bytes unsent_;
  kept_bytes unread_;

  // during a call; the buffers are the thread's
  unsigned char* gather_ = nullptr;
  unsigned char* read_ = nullptr;
  std::size_t gathered_ = 0;
  std::size_t read_from_ = 0;
  std::size_t read_until_ = 0;
};

} // namespace perron::runtime::tls::detail
