// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/coding/encoder.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace perron::httpd {
namespace {

/// Lives on a process's stack.
constexpr std::size_t piece_bytes = 4096;

class gzip_encoder final : public body_filter {
public:
  explicit gzip_encoder(int level) {
    constexpr int gzip_window = 15 + 16; // 16: with the head and tail of gzip
    if (deflateInit2(&stream_, level, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~gzip_encoder() override { deflateEnd(&stream_); }

  void take(std::string_view bytes, bool flush, std::string& out) override {
    while (!bytes.empty()) {
      const auto some = bytes.substr(0, std::numeric_limits<uInt>::max());
      bytes.remove_prefix(some.size());
      run(some, flush && bytes.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH, out);
    }
  }
  void finish(std::string& out) override { run({}, Z_FINISH, out); }

private:
  void run(std::string_view bytes, int flush, std::string& out) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); // zlib does not write there
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      std::array<char, piece_bytes> piece;
      stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream_.avail_out = piece.size();
      deflate(&stream_, flush);
      out.append(piece.data(), piece.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
};

} // namespace

std::unique_ptr<body_filter> make_gzip_encoder(int level) { return std::make_unique<gzip_encoder>(level); }

} // namespace perron::httpd
