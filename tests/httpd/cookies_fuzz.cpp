// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/cookies.hpp>

#include <algorithm>
#include <array>
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

/// What is set comes back as it was, and cannot become anything else on the way.
void check_written(std::string_view name, std::string_view value) {
  const cookie c{.name = std::string(name), .value = std::string(value)};
  const auto text = to_set_cookie(c);
  if (!text) {
    require(!text.error().text.empty());
    return;
  }
  require(std::none_of(text->begin(), text->end(), [](char b) { return b < 0x20 || b == 0x7f; }));
  require(std::count(text->begin(), text->end(), ';') == 4);
  const std::string back = c.name + '=' + c.value;
  require(text->starts_with(back + ';'));
  const std::array<header_field, 1> fields{header_field{"Cookie", back}};
  require(cookies_view(header_view(fields)).get(name) == value);
}

} // namespace

/// The whole is a Cookie field; what is found in it is set in turn.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string field(reinterpret_cast<const char*>(data), size);
  const std::array<header_field, 1> fields{header_field{"Cookie", field}};
  const cookies_view all{header_view(fields)};
  all.each([&](std::string_view name, std::string_view value) {
    require(!name.empty() && name.data() >= field.data() && name.data() + name.size() <= field.data() + size);
    require(value.empty() ||
            (value.data() >= field.data() && value.data() + value.size() <= field.data() + size));
    require(value.find(';') == std::string_view::npos && all.contains(name));
    check_written(name, value);
  });
  const auto half = field.substr(0, size / 2);
  check_written(half, std::string_view(field).substr(half.size()));
  static_cast<void>(to_set_cookie({.name = "a", .path = field, .domain = half}));
  return 0;
}
