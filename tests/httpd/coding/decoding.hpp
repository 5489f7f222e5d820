// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace perron::testing {

/// What a coded text stands for, as far as it is there; `whole`: its end is there too, and nothing behind it.
struct decoded {
  std::string text{};
  bool good = true;
  bool whole = false;
};

inline decoded decode_gzip(std::string_view coded) {
  decoded out;
  z_stream z{};
  if (inflateInit2(&z, 15 + 16) != Z_OK)
    return {.text = {}, .good = false};
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
  z.avail_in = static_cast<uInt>(coded.size());
  std::vector<char> piece(65536);
  int how = Z_OK;
  do {
    z.next_out = reinterpret_cast<Bytef*>(piece.data());
    z.avail_out = static_cast<uInt>(piece.size());
    how = inflate(&z, Z_SYNC_FLUSH);
    out.text.append(piece.data(), piece.size() - z.avail_out);
  } while (how == Z_OK && (z.avail_in != 0 || z.avail_out == 0));
  out.good = how == Z_OK || how == Z_STREAM_END || how == Z_BUF_ERROR;
  out.whole = how == Z_STREAM_END && z.avail_in == 0;
  inflateEnd(&z);
  return out;
}

inline decoded decode_brotli(std::string_view coded) {
  decoded out;
  BrotliDecoderState* state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  const auto* next = reinterpret_cast<const std::uint8_t*>(coded.data());
  std::size_t left = coded.size();
  BrotliDecoderResult how = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
  while (how == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
    std::vector<std::uint8_t> piece(65536);
    std::uint8_t* to = piece.data();
    std::size_t room = piece.size();
    how = BrotliDecoderDecompressStream(state, &left, &next, &room, &to, nullptr);
    out.text.append(reinterpret_cast<const char*>(piece.data()), piece.size() - room);
  }
  out.good = how != BROTLI_DECODER_RESULT_ERROR;
  out.whole = how == BROTLI_DECODER_RESULT_SUCCESS && left == 0;
  BrotliDecoderDestroyInstance(state);
  return out;
}

inline decoded decode_zstd(std::string_view coded) {
  decoded out;
  ZSTD_DCtx* context = ZSTD_createDCtx();
  ZSTD_inBuffer in{coded.data(), coded.size(), 0};
  std::size_t how = 1;
  for (;;) {
    std::vector<char> piece(65536);
    ZSTD_outBuffer made{piece.data(), piece.size(), 0};
    how = ZSTD_decompressStream(context, &made, &in);
    if (ZSTD_isError(how) != 0)
      break;
    out.text.append(piece.data(), made.pos);
    if (how == 0 || (made.pos < made.size && in.pos == in.size))
      break;
  }
  out.good = ZSTD_isError(how) == 0;
  out.whole = how == 0 && in.pos == in.size;
  ZSTD_freeDCtx(context);
  return out;
}

inline decoded decode(std::string_view coding, std::string_view coded) {
  return coding == "gzip" ? decode_gzip(coded) : coding == "br" ? decode_brotli(coded) : decode_zstd(coded);
}

/// Text that compresses as pages do.
inline std::string page_of(std::size_t size) {
  std::string text;
  for (std::uint32_t i = 1; text.size() < size; i = i * 1664525 + 1013904223)
    text += "<li class=\"entry\">number " + std::to_string(i >> 12) + "</li>\n";
  text.resize(size);
  return text;
}

/// Bytes that do not compress.
inline std::string noise_of(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t i = 1;
  std::generate(text.begin(), text.end(), [&i] {
    i = i * 1664525 + 1013904223;
    return static_cast<char>(i >> 24);
  });
  return text;
}

} // namespace perron::testing
