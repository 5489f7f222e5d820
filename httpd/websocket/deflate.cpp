// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/deflate.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace perron::httpd::rfc6455 {
namespace {

/// An empty stored block without its first byte: what a sync flush ends with, and no message carries.
constexpr std::string_view flush_tail{"\x00\x00\xff\xff", 4};

/// Lives on a process's stack.
constexpr std::size_t piece_bytes = 4096;

Bytef* input_of(std::string_view bytes) noexcept {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); // zlib does not write there
}

/// The most that fits zlib's counter.
uInt counted(std::size_t size) noexcept {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

} // namespace

deflater::deflater(int window_bits, int memory_level, int level) : stream_(std::make_unique<z_stream>()) {
  // a negative number of bits: no zlib header (RFC 1951)
  if (deflateInit2(stream_.get(), level, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
}

deflater::~deflater() { deflateEnd(stream_.get()); }

void deflater::forget() noexcept { deflateReset(stream_.get()); }

void deflater::compress(std::string_view message, std::string& out) {
  const std::size_t from = out.size();
  z_stream& z = *stream_;
  do {
    z.next_in = input_of(message);
    z.avail_in = counted(message.size());
    message.remove_prefix(z.avail_in);
    const int flush = message.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH;
    do {
      std::array<char, piece_bytes> piece;
      z.next_out = reinterpret_cast<Bytef*>(piece.data());
      z.avail_out = piece.size();
      deflate(&z, flush);
      out.append(piece.data(), piece.size() - z.avail_out);
    } while (z.avail_out == 0);
  } while (!message.empty());
  if (std::string_view(out).substr(from).ends_with(flush_tail))
    out.resize(out.size() - flush_tail.size());
  else
    out += '\0'; // nothing to flush: what an empty message is (RFC 7692 7.2.3.6)
  z.next_in = nullptr;
}

inflater::inflater(int window_bits) : stream_(std::make_unique<z_stream>()) {
  // zlib knows no raw window of 8 bits; a larger one reads the same
  if (inflateInit2(stream_.get(), -std::max(window_bits, 9)) != Z_OK)
    throw std::bad_alloc();
}

inflater::~inflater() { inflateEnd(stream_.get()); }

void inflater::forget() noexcept { inflateReset(stream_.get()); }

inflater::outcome inflater::inflate(std::string_view piece, std::string& out, std::size_t limit) {
  z_stream& z = *stream_;
  while (!piece.empty()) {
    z.next_in = input_of(piece);
    z.avail_in = counted(piece.size());
    const uInt given = z.avail_in;
    for (;;) {
      std::array<char, piece_bytes> plain;
      z.next_out = reinterpret_cast<Bytef*>(plain.data());
      z.avail_out = plain.size();
      const int how = ::inflate(&z, Z_SYNC_FLUSH);
      const std::size_t made = plain.size() - z.avail_out;
      if (made > limit - std::min(limit, out.size()))
        return outcome::too_big;
      out.append(plain.data(), made);
      if (how == Z_STREAM_END) {
        if (!go_on_after_last_block())
          return outcome::bad;
        if (z.avail_in == 0)
          break;
      } else if (how == Z_BUF_ERROR || (how == Z_OK && z.avail_out != 0)) {
        break; // it has taken all
      } else if (how != Z_OK) {
        return outcome::bad;
      }
    }
    piece.remove_prefix(given);
  }
  return outcome::good;
}

/// A sender may end a message by a block that says it is the last one (RFC 7692 7.2.3.4); the window stays.
bool inflater::go_on_after_last_block() {
  z_stream& z = *stream_;
  uInt size = 0;
  if (inflateGetDictionary(&z, nullptr, &size) != Z_OK)
    return false;
  std::string window(size, '\0');
  auto* const bytes = reinterpret_cast<Bytef*>(window.data());
  if (size != 0 && inflateGetDictionary(&z, bytes, &size) != Z_OK)
    return false;
  return inflateReset(&z) == Z_OK && (size == 0 || inflateSetDictionary(&z, bytes, size) == Z_OK);
}

inflater::outcome inflater::finish(std::string& out, std::size_t limit) {
  return inflate(flush_tail, out, limit);
}

} // namespace perron::httpd::rfc6455
