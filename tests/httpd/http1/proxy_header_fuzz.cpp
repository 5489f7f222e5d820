// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/proxy_header.hpp>

#include "parsed_head.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace perron::httpd::http1;

void require(bool holds) {
  if (!holds)
    std::abort();
}

} // namespace

/// What a connection sends first: the outcome is one of three, never changes once it is there, and however
/// much comes at once it is the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  proxy_header whole;
  const proxy_result found = parse_proxy_header(text, whole);
  if (found.outcome == proxy_outcome::complete)
    require(found.consumed >= 15 && found.consumed <= size && found.consumed <= max_proxy_header);
  if (found.outcome == proxy_outcome::bad)
    require(*found.what != '\0');
  if (found.outcome == proxy_outcome::need_more)
    require(size < max_proxy_header);
  for (std::size_t part = 0; part < size; part += 1 + part / 64) {
    const perron::tests::exact_copy copy(text.substr(0, part));
    proxy_header of_part;
    const proxy_result early = parse_proxy_header(copy.view(), of_part);
    if (early.outcome == proxy_outcome::need_more)
      continue;
    require(early.outcome == found.outcome && early.consumed == found.consumed);
    require(of_part.source == whole.source && of_part.source_port == whole.source_port);
  }
  return 0;
}
