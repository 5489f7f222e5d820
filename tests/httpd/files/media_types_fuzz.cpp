// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/media_types.hpp>
#include <perron/httpd/files/wanted_path.hpp>
#include <perron/httpd/media_type.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;

void require(bool holds) {
  if (!holds)
    std::abort();
}

} // namespace

/// The input is a table of media types, and a path.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto table = files::parse_type_table(text))
    for (const auto& [extension, type] : *table) {
      require(!extension.empty());
      require(parse_media_type(type).has_value());
    }
  if (files::is_wanted_path(text, true)) {
    const std::string framed = '/' + std::string(text) + '/';
    require(framed.find("/../") == std::string::npos && framed.find("/./") == std::string::npos);
    require(!text.starts_with('/') && text.find('\0') == std::string_view::npos);
  }
  for (const char c : files::to_uri_path(text))
    require(c > ' ' && c < '\x7f' && c != '?' && c != '#' && c != '"' && c != '<');
  return 0;
}
