// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <perron/httpd/program/config/configuration.hpp>

// The values of a configuration that TOML has no type for. Nothing is returned for what is none; no throw.
namespace perron::httpd::program {

/// "30s", "1h30m", "250ms", "7d", "0": whole numbers with ms, s, m, h, d or w, larger units first, each once.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;
/// The shortest text that gives this again: "1h30m".
std::string duration_text(std::chrono::milliseconds time);

/// "65536", "64k", "64KiB", "10M", "1GiB", "2T": whole numbers of bytes; all factors are powers of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;
/// With the largest unit that divides it: "64k".
std::string size_text(std::uint64_t bytes);

/// "192.0.2.1:80", "[2001:db8::1]:443", "localhost:8080" (127.0.0.1), "unix:/run/x.sock"; ":80", "*:80" and
/// "80" are all addresses of the machine, IPv6 and IPv4 ("[::]:80").
std::optional<endpoint> parse_endpoint(std::string_view text);
std::string endpoint_text(const endpoint& at);

/// Permissions in octal: "600", "0660".
std::optional<unsigned> parse_mode(std::string_view text) noexcept;
std::string mode_text(unsigned mode);

} // namespace perron::httpd::program
