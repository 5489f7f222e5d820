// SPDX-License-Identifier: BSD-3-Clause
// The same bytes give the same content, end and fault however they are cut; trailers likewise.
#include <perron/httpd/http1/chunked_decoder.hpp>
#include <perron/httpd/http1/trailer_section.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;
using namespace perron::httpd::http1;

void require(bool holds) {
  if (!holds)
    std::abort();
}

struct decoded {
  std::string content{};
  chunk_outcome end = chunk_outcome::need_more;
  std::size_t consumed = 0;
  std::string_view what{};
};

decoded decode(std::string_view input, std::size_t step) {
  decoded out;
  chunked_decoder decoder;
  for (std::size_t at = 0; at < input.size(); at += step) {
    std::string_view piece = input.substr(at, step);
    while (!piece.empty()) {
      const chunk_step found = decoder.next(piece);
      require(found.consumed <= piece.size());
      out.content += found.content;
      out.end = found.outcome;
      out.consumed += found.consumed;
      out.what = found.what;
      if (found.outcome == chunk_outcome::last || found.outcome == chunk_outcome::bad)
        return out;
      require(found.consumed != 0);
      require(found.outcome != chunk_outcome::content || !found.content.empty());
      piece.remove_prefix(found.consumed);
    }
  }
  return out;
}

/// What the decoder must give back for content in chunks of `size`.
void check_round_trip(std::string_view content, std::size_t size) {
  std::string framed;
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t at = 0; at < content.size(); at += size) {
    const auto part = content.substr(at, size);
    std::string length;
    for (std::size_t n = part.size(); n != 0; n /= 16)
      length.insert(length.begin(), digits[n % 16]);
    framed += length + "\r\n" + std::string(part) + "\r\n";
  }
  framed += "0\r\n";
  const decoded d = decode(framed, framed.size());
  require(d.end == chunk_outcome::last && d.content == content && d.consumed == framed.size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty())
    return 0;
  const decoded whole = decode(input, input.size());
  for (const std::size_t step : {std::size_t(1), std::size_t(2), std::size_t(7)}) {
    const decoded cut = decode(input, step);
    require(cut.content == whole.content && cut.what == whole.what && cut.consumed == whole.consumed);
    require((cut.end == chunk_outcome::bad) == (whole.end == chunk_outcome::bad));
    require((cut.end == chunk_outcome::last) == (whole.end == chunk_outcome::last));
  }
  check_round_trip(input, 1 + data[0] % 40U);

  const auto rest = input.substr(whole.end == chunk_outcome::last ? whole.consumed : 0);
  std::array<header_field, 100> storage;
  const trailer_result found = parse_trailer_section(rest, storage);
  require(found.count <= storage.size() && found.consumed <= rest.size());
  if (found.outcome == head_outcome::complete) {
    require(rest.substr(found.consumed - 2, 2) == "\r\n");
    for (std::size_t i = 0; i < found.count; ++i) {
      require(may_be_trailer(storage[i].name) && !storage[i].name.empty());
      require(storage[i].value.find_first_of("\r\n") == std::string_view::npos);
    }
    for (std::size_t n = 0; n < found.consumed; ++n)
      require(parse_trailer_section(rest.substr(0, n), storage).outcome == head_outcome::need_more);
  }
  return 0;
}
