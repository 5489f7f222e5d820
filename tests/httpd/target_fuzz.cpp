// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/target.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

/// The path as a client would have to write it: only what normalisation left encoded is an escape already.
std::string encode(std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '?')
      text += c;
    else
      (text += '%').append({digits[byte >> 4], digits[byte & 15]});
  }
  return text;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perron::httpd;
  const std::string raw(reinterpret_cast<const char*>(data), size);
  std::string scratch;
  const auto target = normalise_target(raw, scratch);
  if (!target) {
    require(target.error().code == 400 && !target.error().text.empty());
    return 0;
  }
  const auto path = target->path;
  require(path.starts_with('/') && path.size() <= raw.size() + 1);
  for (std::size_t at = 0; at < path.size();) {
    const auto next = std::min(path.find('/', at + 1), path.size());
    const auto segment = path.substr(at + 1, next - at - 1);
    require(segment != "." && segment != "..");
    at = next;
  }
  for (std::size_t i = 0; i < path.size(); ++i) {
    require(static_cast<unsigned char>(path[i]) >= 0x20 && path[i] != 0x7f);
    require(path[i] != '%' || path.substr(i, 3) == "%2F" || path.substr(i, 3) == "%25");
  }

  // Normalising what is normal changes nothing.
  std::string again_scratch;
  const auto encoded = encode(path);
  const auto again = normalise_target(encoded, again_scratch);
  require(again && again->path == path);

  target->query.each([&](const std::string& name, const std::string& value) {
    require(target->query.contains(name));
    require(name.find('\0') == std::string::npos && value.find('\0') == std::string::npos);
  });
  const auto number = target->query.number("n");
  require(!number || target->query.get("n"));
  return 0;
}
