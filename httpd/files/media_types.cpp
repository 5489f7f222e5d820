// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/media_types.hpp>

#include <perron/httpd/media_type.hpp>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace perron::httpd::files {

namespace {

constexpr std::size_t longest_extension = 64;

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), detail::to_lower);
  return out;
}

/// Cuts what is before `end` off `rest`, and `end` too.
std::string_view cut(std::string_view& rest, char end) noexcept {
  const auto at = std::min(rest.find(end), rest.size());
  const auto piece = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return piece;
}

bool is_digits(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void add(type_table& to, std::string_view extension, std::string_view type) {
  if (!extension.empty() && extension.size() <= longest_extension)
    to.try_emplace(to_lower(extension), type);
}

/// `weight:type:glob` or `weight:type:glob:flags`; false: the type is none.
bool read_glob(std::string_view rest, type_table& to) {
  cut(rest, ':');
  const auto type = cut(rest, ':');
  const auto glob = cut(rest, ':');
  if (type == "__NOGLOBS__") // of files that are merged; nothing to be merged with here
    return true;
  if (!parse_media_type(type))
    return false;
  const bool is_plain = glob.starts_with("*.") && glob.find_first_of("*?[", 1) == std::string_view::npos;
  if (is_plain && rest.find("cs") == std::string_view::npos) // *.C is not *.c
    add(to, glob.substr(2), type);
  return true;
}

/// `type extension extension…`; false: the type is none.
bool read_extensions(std::string_view rest, type_table& to) {
  constexpr std::string_view blanks = " \t";
  const auto next = [&]() -> std::string_view {
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    const auto end = std::min(rest.find_first_of(blanks), rest.size());
    const auto word = rest.substr(0, end);
    rest.remove_prefix(end);
    return word;
  };
  const auto type = next();
  if (!parse_media_type(type))
    return false;
  for (auto word = next(); !word.empty() && word.front() != '#'; word = next())
    add(to, word, type);
  return true;
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return in ? std::optional(std::move(text).str()) : std::nullopt;
}

/// What this system says, read once; empty where it says nothing.
const type_table& system_types() {
  static const type_table table = [] {
    for (const char* path : {"/usr/share/mime/globs2", "/etc/mime.types"})
      if (const auto text = read_file(path))
        if (auto read = parse_type_table(*text))
          return std::move(*read);
    return type_table();
  }();
  return table;
}

} // namespace

runtime::result<type_table> parse_type_table(std::string_view text) {
  type_table table;
  for (int number = 1; !text.empty(); ++number) {
    auto line = cut(text, '\n');
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    line = detail::trim_blanks(line);
    if (line.empty() || line.front() == '#')
      continue;
    const bool is_glob = is_digits(line.substr(0, line.find(':')));
    if (!(is_glob ? read_glob(line, table) : read_extensions(line, table)))
      return runtime::error{"line " + std::to_string(number) + ": no media type"};
  }
  return table;
}

media_types::media_types(const static_options& options)
    : has_table_(!options.mime_types.empty()), default_type_(options.default_type),
      charset_(options.charset) {
  for (const auto& [extension, type] : options.types) {
    if (!parse_media_type(type))
      throw std::runtime_error("perron: \"" + type + "\" is no media type");
    own_.insert_or_assign(to_lower(extension.starts_with('.') ? extension.substr(1) : extension), type);
  }
  if (!has_table_)
    return;
  const auto text = read_file(options.mime_types);
  if (!text)
    throw std::runtime_error("perron: media types: cannot read " + options.mime_types);
  auto table = parse_type_table(*text);
  if (!table)
    throw std::runtime_error("perron: media types: " + options.mime_types + ": " + table.error().text);
  own_.merge(std::move(*table));
}

std::string_view media_types::find(const std::string& extension) const {
  if (const auto own = own_.find(extension); own != own_.end())
    return own->second;
  if (const auto known = built_in_type(extension); !known.empty() || has_table_)
    return known.substr(0, known.find(';')); // without its charset
  const auto system = system_types().find(extension);
  return system == system_types().end() ? std::string_view() : std::string_view(system->second);
}

std::string media_types::with_charset(std::string_view type) const {
  std::string out(type);
  const bool is_text = type.size() >= 5 && equal_ignoring_case(type.substr(0, 5), "text/");
  const auto parsed = parse_media_type(out);
  if (is_text && !charset_.empty() && parsed && !parsed->parameters.find_raw("charset"))
    out.append("; charset=").append(charset_);
  return out;
}

std::string media_types::type_of(std::string_view file_name) const {
  file_name.remove_prefix(file_name.rfind('/') + 1);
  if (file_name.size() > longest_extension)
    file_name.remove_prefix(file_name.size() - longest_extension);
  const std::string name = to_lower(file_name);
  for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
    if (const auto type = find(name.substr(dot + 1)); !type.empty())
      return with_charset(type);
  return with_charset(default_type_);
}

} // namespace perron::httpd::files
