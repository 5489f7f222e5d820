// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace perron::httpd {

struct compress_options {
  /// Media types, as "text/html" or "text/*".
  std::vector<std::string> types{"text/*",
                                 "application/json",
                                 "application/javascript",
                                 "application/xml",
                                 "application/*+json",
                                 "application/*+xml",
                                 "application/wasm",
                                 "application/manifest+json",
                                 "image/svg+xml",
                                 "font/ttf",
                                 "font/otf"};
  /// In the order in which they are taken where the client likes several alike: zstd is the cheapest by far,
  /// br has the smallest results.
  std::vector<std::string> codings{"zstd", "br", "gzip"};
  std::size_t minimum = 1024; ///< bytes; smaller bodies are left alone
  int gzip_level = 5;         ///< 1 to 9
  int brotli_quality = 4;     ///< 0 to 11; above 5 it is for what is compressed once
  int zstd_level = 3;         ///< 1 to 19
};

/// Compresses answers on their way, if the client takes it (RFC 9110 8.4, 12.5.3).
///
///     r.use(compress());
///
/// Left alone are bodies of other types, small ones, parts (206), and what has a Content-Encoding, a
/// Content-Digest or `Cache-Control: no-transform`. `Vary: Accept-Encoding` is on all that might have been
/// compressed; a strong ETag becomes weak, since the bytes are no longer those that it names, and
/// Accept-Ranges is taken out. Bodies above 256 KiB, files and streams are compressed piece by piece and sent
/// in chunks, in bounded memory: some 270 KB for gzip, and at the default levels 2.5 MB for br and 2 MB for
/// zstd (above quality 6 and level 9 it is 10 to 80 MB). Each write() of a stream is flushed, so that it
/// arrives at once. Between pieces of 32 KiB other processes get a turn.
///
/// Not for pages that show a secret beside text that the client or somebody else chose, over TLS: the length
/// then tells the secret byte by byte (BREACH). Put those into a router without it, or answer with
/// no-transform. Throws std::invalid_argument if check() has something to say.
middleware compress(compress_options options = {});
runtime::result<void> check(const compress_options& options);

} // namespace perron::httpd
