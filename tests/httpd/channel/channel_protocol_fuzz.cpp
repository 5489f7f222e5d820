// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/protocol.hpp>

#include <perron/httpd/response.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

} // namespace

/// A client's message is taken or refused with a 400; what is published arrives as JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perron::httpd;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto cursor = parse_cursor(text))
    require(to_string(*cursor) == text);
  try {
    const channel_request r = parse_channel_request(text);
    if (r.what == channel_request::kind::publish) {
      const topic_entry entry(r.topic, 1, {1, 2, {"from", r.number}, r.data.dump()});
      const auto sent = nlohmann::json::parse(entry.json());
      require(sent["data"] == r.data && sent["number"] == r.number);
      require(entry.sse().find('\n') == entry.sse().find("\ndata: ") ||
              r.topic.find('\n') != std::string::npos);
    }
  } catch (const http_error& e) {
    require(e.status() == 400 && *e.what() != '\0');
  }
  return 0;
}
