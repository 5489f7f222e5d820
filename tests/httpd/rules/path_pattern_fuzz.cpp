// SPDX-License-Identifier: BSD-3-Clause
// The first line is a pattern, the second a template, the third a path, the rest a query.
#include <perron/httpd/redirect.hpp>
#include <perron/httpd/rules/path_pattern.hpp>
#include <perron/httpd/target.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

std::string_view cut_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perron::httpd;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto pattern = path_pattern::parse(cut_line(rest));
  const auto to = cut_line(rest);
  std::string scratch;
  const auto target = normalise_target(cut_line(rest), scratch);
  if (!pattern || !target)
    return 0;
  path_captures captures;
  if (!pattern->match(target->path, captures))
    return 0;
  for (const auto& [name, value] : captures) {
    require(pattern->has_name(name));
    const auto* begin = target->path.data();
    require(value.empty() ||
            (value.data() >= begin && value.data() + value.size() <= begin + target->path.size()));
  }
  const path_template::values of{
      .path = target->path, .query = target->query.raw(), .host = "example.org", .scheme = "https"};

  if (const auto place = path_template::parse_location(to, *pattern)) {
    const std::string filled = to_uri_reference(place->fill(captures, of, true));
    if (to.starts_with('/'))
      require(is_local(filled)); // whatever the path, it stays on this site
    else if (to.starts_with("https://fixed.example/"))
      require(filled.starts_with("https://fixed.example/"));
  }
  if (const auto inside = path_template::parse_path(to, *pattern)) {
    const std::string filled = inside->fill(captures, of, false);
    std::string again;
    const auto normal = normalise_target(filled, again);
    require(!normal || normal->path.starts_with('/'));
  }
  return 0;
}
