// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/multipart_ranges.hpp>

#include <perron/runtime/core/random.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd::files {

response send_parts(request& r, response head, const served_file& file, const byte_ranges& ranges) {
  // not to be guessed by who writes the files: it must not be in them
  const std::string boundary = runtime::core::random_name();
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
