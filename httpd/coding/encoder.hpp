// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/body_filter.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace perron::httpd {

/// Encoders for the content codings (RFC 9110 8.4.1): state machines from plain bytes to coded ones, without
/// sockets. What each writes, flushed or not, is one whole member, stream or frame, decoded by any decoder of
/// its coding. `size` is how long the body will be, if that is known; smaller ones then take less memory.
/// Constructors and take() throw std::bad_alloc. Any one thread at a time.

/// gzip (RFC 1952). Level 1 to 9. Some 270 KB; 3 to 80 ns a byte.
std::unique_ptr<body_filter> make_gzip_encoder(int level);

/// br (RFC 7932). Quality 0 to 11, a window of 512 KiB at most. At quality 4 some 2.5 MB
/// and 8 ns a byte; 10 MB at 7, 35 at 9.
std::unique_ptr<body_filter> make_brotli_encoder(int quality, std::optional<std::uint64_t> size = {});

/// zstd (RFC 8878). Level 1 to 19, a window of 512 KiB at most (RFC 9659 allows 8 MB). At level 3 some 2
/// MB and 2 ns a byte; 14 MB at 9, 84 at 19.
std::unique_ptr<body_filter> make_zstd_encoder(int level, std::optional<std::uint64_t> size = {});

/// The encoder of a coding by its name: "gzip", "br" or "zstd"; null for others.
std::unique_ptr<body_filter> make_encoder(std::string_view coding, int level,
                                          std::optional<std::uint64_t> size = {});

} // namespace perron::httpd
