// SPDX-License-Identifier: BSD-3-Clause
#include "parsed_head.hpp"

#include <perron/httpd/http1/characters.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace perron::httpd;
using namespace perron::httpd::http1;
using perron::tests::parsed_head;

void require(bool holds) {
  if (!holds)
    std::abort();
}

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_complete(const parsed_head& parsed, const head_limits& limits) {
  const auto& head = parsed.head;
  const auto bytes = parsed.input.view().substr(0, parsed.result.consumed);
  require(bytes.size() <= limits.max_head_bytes && bytes.ends_with("\r\n\r\n"));
  require(!head.method.empty() && head.target.size() <= limits.max_target && !head.target.empty());
  require(head.header_count <= limits.max_headers);
  require(!(head.chunked && head.content_length) && !(head.chunked && head.minor_version == 0));
  for (const auto part : {head.method, head.target, head.path_and_query, head.host})
    require(lies_in(part, bytes));
  for (const auto& [name, value] : head.headers()) {
    require(lies_in(name, bytes) && lies_in(value, bytes));
    require(!name.empty() && std::all_of(name.begin(), name.end(), http1::detail::is_token_char));
    require(std::none_of(value.begin(), value.end(), http1::detail::is_control));
    require(value.empty() || (!perron::httpd::detail::is_blank(value.front()) &&
                              !perron::httpd::detail::is_blank(value.back())));
  }
  require(head.headers().count("host") == 1 || (head.minor_version == 0 && !head.headers().contains("host")));
  require(head.headers().contains("content-length") == head.content_length.has_value());
  require(head.headers().contains("transfer-encoding") == head.chunked);

  // Written down again in the plainest way, the head means the same.
  std::string again = std::string(head.method) + " " + std::string(head.target) + " HTTP/1." +
                      std::to_string(head.minor_version) + "\r\n";
  for (const auto& [name, value] : head.headers())
    again += std::string(name) + ":" + std::string(value) + "\r\n";
  const parsed_head reparsed(again + "\r\n", limits);
  require(reparsed.is_complete() && perron::tests::same_head(reparsed.head, head));
}

} // namespace

/// First byte: how the rest is cut and bounded. The rest: what a client sends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const head_limits all_limits[] = {{},
                                    {.max_head_bytes = 64},
                                    {.max_target = 8},
                                    {.max_headers = 2},
                                    {.max_head_bytes = 20, .max_target = 4}};
  const auto& limits = all_limits[*data % std::size(all_limits)];
  const std::size_t step = 1 + *data / std::size(all_limits);

  const parsed_head parsed(text, limits);
  if (parsed.is_complete())
    check_complete(parsed, limits);
  if (parsed.is_bad()) {
    const int statuses[] = {400, 414, 431, 501, 505};
    require(std::find(std::begin(statuses), std::end(statuses), parsed.result.status) != std::end(statuses));
    require(parsed.result.offset <= text.size() && *parsed.result.what != '\0');
  }
  require(perron::tests::find_split_difference(text, step, limits) == 0);
  if (!parsed.needs_more()) {
    // More bytes behind a verdict do not change it.
    const parsed_head longer(std::string(text) + "GET / \n", limits);
    require(perron::tests::same_result(longer.result, parsed.result));
  }
  return 0;
}
