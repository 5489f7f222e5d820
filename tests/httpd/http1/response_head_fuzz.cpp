// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/response_head.hpp>

#include <algorithm>
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

/// Two bytes of status, one of flags, then names and values in turn, each ended by 0xff: whatever a handler
/// passes on, the head has the lines that were asked for and no others.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perron::httpd;
  using namespace perron::httpd::http1;
  if (size < 3)
    return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    parts.push_back(text.substr(0, text.find('\xff')));
    text.remove_prefix(std::min(parts.back().size() + 1, text.size()));
  }
  std::vector<header_field> fields;
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
    fields.push_back({parts[i], parts[i + 1]});

  response_head head;
  head.status = data[0] * 4 + data[1] % 4;
  head.fields = fields;
  head.chunked = (data[2] & 1) != 0;
  if ((data[2] & 2) != 0)
    head.content_length = data[2];
  head.connection = static_cast<connection_option>((data[2] >> 2) & 3);

  std::vector<char> out(64 + size * 5);
  const auto result = write_response_head(head, out);
  std::vector<char> exact(result.outcome == write_outcome::written ? result.size : 0);
  if (result.outcome != write_outcome::written) {
    require(result.outcome == write_outcome::too_small ? result.size > out.size() : *result.what != '\0');
    return 0;
  }
  require(write_response_head(head, exact).outcome == write_outcome::written);
  const std::string_view written(exact.data(), exact.size());
  require(written.ends_with("\r\n\r\n") && written.starts_with("HTTP/1.1 "));
  require(written.find("\r\n\r\n") == written.size() - 4);
  const auto lines = std::count(written.begin(), written.end(), '\n');
  require(lines == std::count(written.begin(), written.end(), '\r'));
  const bool length = written.find("\r\nContent-Length: ") != std::string_view::npos;
  require(!(length && head.chunked));
  require(static_cast<std::size_t>(lines) == 2 + fields.size() + (length ? 1 : 0) + (head.chunked ? 1 : 0) +
                                                 (head.connection != connection_option::none ? 1 : 0));
  return 0;
}
