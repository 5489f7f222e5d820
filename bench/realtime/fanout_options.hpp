// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace perron::bench {

struct fanout_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string path = "/ws-chat";
  std::size_t connections = 10'000;
  std::size_t silent = 0; ///< of these, how many never read; they are the last ones
  unsigned messages = 20; ///< measured
  unsigned warm_up = 3;   ///< messages before them
  unsigned window = 1;    ///< messages that may be on their way at a time
  std::size_t bytes = 64; ///< of a message
  double patience = 60;   ///< seconds without any progress until it gives up
  std::string topic{};    ///< the path is a channel's; each connection has an id and subscribes to this
  bool hold = false;      ///< only open the connections, say `ready`, and wait for the end of standard input
};

/// Nothing if the arguments are wrong.
inline std::optional<fanout_options> parse_fanout_options(int argc, char** argv) {
  fanout_options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--hold") {
      o.hold = true;
      continue;
    }
    if (i + 1 == argc)
      return std::nullopt;
    const char* value = argv[++i];
    const auto number = [&] { return static_cast<std::size_t>(std::strtoul(value, nullptr, 10)); };
    if (name == "--host")
      o.host = value;
    else if (name == "--port")
      o.port = static_cast<std::uint16_t>(number());
    else if (name == "--path")
      o.path = value;
    else if (name == "--topic")
      o.topic = value;
    else if (name == "--connections")
      o.connections = number();
    else if (name == "--silent")
      o.silent = number();
    else if (name == "--messages")
      o.messages = static_cast<unsigned>(number());
    else if (name == "--warmup")
      o.warm_up = static_cast<unsigned>(number());
    else if (name == "--window")
      o.window = static_cast<unsigned>(number());
    else if (name == "--bytes")
      o.bytes = number();
    else if (name == "--patience")
      o.patience = std::strtod(value, nullptr);
    else
      return std::nullopt;
  }
  constexpr std::size_t smallest = 8;     // a message is its number
  constexpr std::size_t largest = 60'000; // and has a length of 16 bits at most
  if (o.port == 0 || o.connections < 1 || o.silent >= o.connections || o.window < 1 || o.bytes < smallest ||
      o.bytes > largest || o.messages < 1 || (!o.topic.empty() && !o.hold))
    return std::nullopt;
  return o;
}

} // namespace perron::bench
