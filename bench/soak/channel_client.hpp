// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/connections.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

namespace perron::soak {

/// The id by which a link is known to a channel (httpd/channel/PROTOCOL.md); another one after each
/// reconnect.
inline std::string channel_client_id(const connections& all, const link& l) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "soak-%05u-%08u-%06u", all.how().process,
                                 all.index_of(l), l.generation);
  return {text.data(), static_cast<std::size_t>(size)};
}

/// Whether a channel's message is of that type.
inline bool is_of_type(std::string_view message, std::string_view type) {
  const std::string mark = "\"type\":\"" + std::string(type) + '"';
  return message.find(mark) != std::string_view::npos;
}

} // namespace perron::soak
