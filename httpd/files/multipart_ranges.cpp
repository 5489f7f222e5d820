// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/multipart_ranges.hpp>

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace perron::httpd::files {

namespace {

/// Not to be guessed by who writes the files: it must not be in them.
std::string make_boundary() {
  std::array<unsigned char, 16> bytes;
  for (;;) {
    if (::getrandom(bytes.data(), bytes.size(), 0) == static_cast<::ssize_t>(bytes.size()))
      break;
    if (errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "perron: getrandom");
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes)
    text += {digits[byte >> 4U], digits[byte & 15U]};
  return text;
}

} // namespace

response send_parts(request& r, response head, const served_file& file, const byte_ranges& ranges) {
  const std::string boundary = make_boundary();
  std::vector<std::string> fronts;
  const std::string end = "\r\n--" + boundary + "--\r\n";
  std::uint64_t length = end.size();
  for (const byte_span& span : ranges) {
    std::string front = (fronts.empty() ? "--" : "\r\n--") + boundary + "\r\n";
    if (!file.content_type.empty())
      front.append("Content-Type: ").append(file.content_type).append("\r\n");
    front.append("Content-Range: ").append(to_content_range(span, file.whole.length)).append("\r\n\r\n");
    length += front.size() + span.length;
    fronts.push_back(std::move(front));
  }
  head.status = status::partial_content;
  head.content_type = "multipart/byteranges; boundary=" + boundary;
  writer out = r.begin(std::move(head), length);
  if (file.whole.bytes != nullptr) {
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i < ranges.count; ++i) {
      pieces.emplace_back(fronts[i]);
      pieces.emplace_back(file.whole.bytes + ranges.spans[i].first, ranges.spans[i].length);
    }
    pieces.emplace_back(end);
    out.write(pieces);
    return out.end();
  }
  for (std::size_t i = 0; i < ranges.count; ++i) {
    out.write(fronts[i]);
    out.sendfile(file.whole.fd, ranges.spans[i].first, ranges.spans[i].length);
  }
  out.write(end);
  return out.end();
}

} // namespace perron::httpd::files
