// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/log.hpp>

#include <algorithm>
#include <cstdio>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace perron::runtime {
namespace {

constexpr std::size_t most_text = 4096;

} // namespace

std::shared_ptr<spdlog::logger> perron_log() {
  if (auto registered = spdlog::get("perron"))
    return registered;
  try {
    return spdlog::stderr_color_mt("perron");
  } catch (const spdlog::spdlog_ex&) {
    // The program has registered its own in between.
    return spdlog::get("perron");
  }
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(std::min(text.size(), most_text));
  unsigned before = 0;
  for (const char c : text.substr(0, most_text)) {
    const unsigned byte = static_cast<unsigned char>(c);
    const bool latin_control = before == 0xc2 && byte >= 0x80 && byte < 0xa0;
    before = byte;
    if (latin_control)
      out.pop_back();
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f || latin_control) {
      char escaped[5];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  if (text.size() > most_text)
    out += "...";
  return out;
}

} // namespace perron::runtime
