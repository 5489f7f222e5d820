// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace perron::siblings::core;

void require(bool holds) {
  if (!holds)
    std::abort();
}

/// What comes of the bytes, fed in pieces of this size, written again; nothing after an error.
std::optional<std::string> through(std::string_view bytes, std::size_t piece) {
  frame_decoder d;
  std::string again;
  while (!bytes.empty()) {
    const std::size_t now = std::min(piece, bytes.size());
    d.feed(bytes.substr(0, now));
    bytes.remove_prefix(now);
    for (;;) {
      const auto next = d.next();
      if (!next)
        return std::nullopt;
      if (!*next)
        break;
      require((**next).payload() <= most_payload);
      encode(**next, again);
    }
  }
  return again;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = through(bytes, size + 1);
  const auto pieces = through(bytes, 7);
  require(whole.has_value() == pieces.has_value());
  require(!whole || *whole == *pieces);
  // what was read is written as it was, but for four bytes of the head that carry nothing
  require(!whole ||
          (whole->size() <= size &&
           (size < 36 || whole->compare(0, std::min<std::size_t>(36, whole->size()),
                                        bytes.substr(0, std::min<std::size_t>(36, whole->size()))) == 0)));
  return 0;
}
