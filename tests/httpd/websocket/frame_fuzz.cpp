// SPDX-License-Identifier: BSD-3-Clause
//
// A head that is read, written again, is the same; and no prefix of a good one is bad.
#include <perron/httpd/websocket/frame.hpp>

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
  using namespace perron::httpd::rfc6455;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  frame_head head;
  const head_found found = parse_frame_head(bytes, head);
  if (found.how == head_found::outcome::bad)
    require(found.what[0] != '\0');
  if (found.how != head_found::outcome::complete)
    return 0;
  require(found.size <= size && found.size <= max_head_size);
  const head_bytes again(head);
  require(again.view() == bytes.substr(0, found.size));
  for (std::size_t part = 0; part < found.size; ++part) {
    frame_head unused;
    require(parse_frame_head(bytes.substr(0, part), unused).how == head_found::outcome::need_more);
  }
  return 0;
}
