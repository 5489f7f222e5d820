// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/sse_format.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

} // namespace

/// The first byte cuts the rest in two. A stream means the same wherever it is cut, and what is sent arrives.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perron::httpd;
  if (size == 0)
    return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = bytes.empty() ? 0 : data[0] % (bytes.size() + 1);

  std::vector<sse_message> whole;
  std::vector<sse_message> parts;
  sse_parser one;
  sse_parser other;
  one.feed(bytes, whole);
  other.feed(bytes.substr(0, cut), parts);
  other.feed(bytes.substr(cut), parts);
  require(whole == parts && one.last_event_id() == other.last_event_id() && one.retry() == other.retry());

  std::string text;
  append_sse_comment(text, bytes.substr(cut));
  append_sse_event(text, {.data = bytes.substr(0, cut)});
  std::vector<sse_message> sent;
  sse_parser client;
  client.feed(text, sent);
  require(sent.size() == 1 && sent[0].event == "message" && sent[0].data.size() <= cut);
  return 0;
}
