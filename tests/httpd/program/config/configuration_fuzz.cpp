// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/load.hpp>
#include <perron/httpd/program/config/print.hpp>
#include <perron/httpd/program/config/units.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perron::httpd::program;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (const auto time = parse_duration(text))
    require(time->count() >= 0 && parse_duration(duration_text(*time)) == time);
  if (const auto bytes = parse_size(text))
    require(parse_size(size_text(*bytes)) == bytes);
  if (const auto at = parse_endpoint(text))
    require(parse_endpoint(endpoint_text(*at)) == at);
  if (const auto mode = parse_mode(text))
    require(parse_mode(mode_text(*mode)) == mode);

  auto first = load_text(text, "fuzz.toml", false);
  for (const auto& error : first.errors)
    require(!error.what.empty() && !error.remedy.empty() &&
            error.to_string().find('\n') == std::string::npos);
  if (!first.errors.empty())
    return 0;
  // What is right is right when printed, and means the same.
  const auto printed = to_toml(first.value);
  auto again = load_text(printed, "fuzz.toml", false);
  require(again.errors.empty());
  again.value.files = first.value.files;
  require(again.value == first.value);
  return 0;
}
