// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/websocket/frame.hpp>
#include <perron/httpd/websocket/protocol.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What tests of WebSockets write frames with and read them back as.
namespace perron::testing {

using httpd::rfc6455::opcode;

/// A frame as a test sees it.
struct frame {
  opcode op = opcode::text;
  std::string payload{};
  bool fin = true;
  std::uint8_t reserved = 0;

  friend bool operator==(const frame&, const frame&) = default;
};

inline void PrintTo(const frame& f, std::ostream* out) {
  *out << "frame " << static_cast<int>(f.op) << (f.fin ? "" : " more to come") << " rsv "
       << static_cast<int>(f.reserved) << ", " << f.payload.size() << " bytes "
       << ::testing::PrintToString(f.payload.substr(0, 100));
}

inline frame text_frame(std::string payload) { return {opcode::text, std::move(payload)}; }
inline frame binary_frame(std::string payload) { return {opcode::binary, std::move(payload)}; }
inline frame ping_frame(std::string payload) { return {opcode::ping, std::move(payload)}; }
inline frame pong_frame(std::string payload) { return {opcode::pong, std::move(payload)}; }

/// The payload of a close frame.
inline std::string close_data(std::uint16_t code, std::string_view reason = {}) {
  std::string out{static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)};
  return out += reason;
}
inline frame close_frame(std::uint16_t code, std::string_view reason = {}) {
  return {opcode::close, close_data(code, reason)};
}

/// A close frame of any reason.
MATCHER_P(closes_with, code, "") {
  return arg.op == opcode::close && arg.fin &&
         arg.payload.substr(0, 2) == close_data(static_cast<std::uint16_t>(code));
}

/// As a client sends it.
inline std::string masked(const frame& f) {
  std::string out;
  httpd::rfc6455::append_frame(out,
                               {.fin = f.fin,
                                .reserved = f.reserved,
                                .op = f.op,
                                .masked = true,
                                .key = {'\x37', '\x0a', '\x21', '\x3d'}},
                               f.payload);
  return out;
}
inline std::string masked(const std::vector<frame>& frames) {
  std::string out;
  for (const frame& f : frames)
    out += masked(f);
  return out;
}
/// As a server sends it.
inline std::string bare(const frame& f) {
  std::string out;
  httpd::rfc6455::append_frame(out, {.fin = f.fin, .reserved = f.reserved, .op = f.op}, f.payload);
  return out;
}

/// A message in frames of `size` bytes.
inline std::vector<frame> fragments(opcode op, std::string_view payload, std::size_t size,
                                    std::uint8_t reserved = 0) {
  std::vector<frame> out;
  do {
    out.push_back({out.empty() ? op : opcode::continuation, std::string(payload.substr(0, size)), false,
                   out.empty() ? reserved : std::uint8_t(0)});
    payload.remove_prefix(std::min(size, payload.size()));
  } while (!payload.empty());
  out.back().fin = true;
  return out;
}

/// Takes the first frame off bytes that a server sent; nothing if it is not there as a whole.
inline std::optional<frame> cut_frame(std::string& bytes) {
  using httpd::rfc6455::head_found;
  httpd::rfc6455::frame_head head;
  const head_found found = httpd::rfc6455::parse_frame_head(bytes, head);
  EXPECT_NE(found.how, head_found::outcome::bad) << found.what;
  if (found.how != head_found::outcome::complete || bytes.size() - found.size < head.length)
    return std::nullopt;
  EXPECT_FALSE(head.masked) << "a server must not mask (RFC 6455 5.1)";
  frame f{head.op, bytes.substr(found.size, static_cast<std::size_t>(head.length)), head.fin, head.reserved};
  bytes.erase(0, found.size + static_cast<std::size_t>(head.length));
  return f;
}

inline std::vector<frame> cut_frames(std::string bytes) {
  std::vector<frame> out;
  while (auto f = cut_frame(bytes))
    out.push_back(std::move(*f));
  EXPECT_TRUE(bytes.empty());
  return out;
}

} // namespace perron::testing
