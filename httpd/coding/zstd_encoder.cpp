// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/coding/encoder.hpp>

#include <zstd.h>

#include <array>
#include <new>

namespace perron::httpd {
namespace {

/// Lives on a process's stack.
constexpr std::size_t piece_bytes = 4096;
constexpr int window_bits = 19;

class zstd_encoder final : public body_filter {
public:
  zstd_encoder(int level, std::optional<std::uint64_t> size) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr)
      throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_windowLog, window_bits);
    if (size)
      ZSTD_CCtx_setPledgedSrcSize(context_, *size);
  }
  ~zstd_encoder() override { ZSTD_freeCCtx(context_); }

  void take(std::string_view bytes, bool flush, std::string& out) override {
    run(bytes, flush ? ZSTD_e_flush : ZSTD_e_continue, out);
  }
  void finish(std::string& out) override { run({}, ZSTD_e_end, out); }

private:
  void run(std::string_view bytes, ZSTD_EndDirective how, std::string& out) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    std::size_t left = 0;
    do {
      std::array<char, piece_bytes> piece;
      ZSTD_outBuffer made{piece.data(), piece.size(), 0};
      left = ZSTD_compressStream2(context_, &made, &in, how);
      if (ZSTD_isError(left) != 0)
        throw std::bad_alloc();
      out.append(piece.data(), made.pos);
    } while (how == ZSTD_e_continue ? in.pos < in.size : left != 0);
  }

  ZSTD_CCtx* context_;
};

} // namespace

std::unique_ptr<body_filter> make_zstd_encoder(int level, std::optional<std::uint64_t> size) {
  return std::make_unique<zstd_encoder>(level, size);
}

} // namespace perron::httpd
