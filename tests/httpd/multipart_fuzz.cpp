// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/multipart_parser.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;
using event = multipart_parser::event;

void require(bool holds) {
  if (!holds)
    std::abort();
}

/// All that comes out of `body` in pieces of `size` bytes, as a text. Content is joined, since it may come in
/// other pieces.
std::string parse(std::string_view body, std::size_t size) {
  multipart_parser p("b", {.max_parts = 4, .max_head = 200});
  std::string out;
  bool in_part = false;
  std::size_t content = 0;
  for (std::size_t at = 0; at < body.size(); at += size) {
    auto piece = body.substr(at, size);
    for (auto e = p.next(piece); e != event::more; e = p.next(piece)) {
      require(in_part == (e == event::data || e == event::part_end) || e == event::failed);
      if (e == event::part) {
        out += "[part " + p.head().name + '|' + p.head().filename.value_or("-") + '|' +
               p.head().content_type + ']';
        in_part = true;
      } else if (e == event::data) {
        require(!p.data().empty());
        out += p.data();
        content += p.data().size();
      } else if (e == event::part_end) {
        out += "[part end]";
        in_part = false;
      } else if (e == event::end) {
        out += "[end]";
      } else {
        require(e == event::failed && !p.fault().empty());
        break;
      }
    }
  }
  require(content <= body.size());
  const auto last = p.finish();
  require(last == event::end || last == event::failed);
  return out + p.fault();
}

void check_file_name(std::string_view sent) {
  const auto name = safe_file_name(sent);
  require(!name.empty() && name.size() <= 128 && name.front() != '.' && name.front() != '-');
  require(name.find_first_of("/\\") == std::string::npos);
  require(
      std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
}

} // namespace

/// The first byte is the size of the pieces, the rest a body whose boundary is "b".
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = parse(body, std::max<std::size_t>(body.size(), 1));
  require(parse(body, 1) == whole);
  require(parse(body, std::size_t{data[0]} + 1) == whole);
  check_file_name(body);
  return 0;
}
