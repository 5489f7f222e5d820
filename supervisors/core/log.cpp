// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/log.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>

namespace perron::supervisors::core {
namespace {

std::shared_ptr<spdlog::logger> perron_log() {
  if (auto registered = spdlog::get("perron"))
    return registered;
  try {
    return spdlog::stderr_color_mt("perron");
  } catch (const spdlog::spdlog_ex&) {
    // somebody else has registered it in between
    return spdlog::get("perron");
  }
}

} // namespace

void log_error(std::string_view text) { perron_log()->error(text); }

void log_info(std::string_view text) { perron_log()->info(text); }

std::string printable(std::string_view text) {
  constexpr std::size_t most = 4096;
  std::string out;
  for (const char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
      continue;
    }
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, c == '\n' ? "\\n" : "\\x%02x", byte);
    out += escaped;
  }
  if (text.size() > most)
    out += "...";
  return out;
}

} // namespace perron::supervisors::core
