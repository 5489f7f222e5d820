// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/siblings/frame.hpp>
#include <perron/httpd/channel/siblings/state.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;

template <class Decode>
void check(std::string_view bytes, Decode&& decode) {
  if (const auto value = decode(bytes); value && encode(*value) != bytes)
    std::abort();
}

} // namespace

/// Whatever is read as a frame, a question or an answer is written as the same bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(bytes, decode_topic_frame);
  check(bytes, decode_topic_state);
  check(bytes, decode_topic_question);
  check(bytes, decode_records);
  check(bytes, decode_receipt);
  return 0;
}
