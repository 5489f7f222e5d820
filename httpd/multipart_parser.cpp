// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/multipart_parser.hpp>

#include <perron/httpd/http1/characters.hpp>
#include <perron/httpd/parameters.hpp>

#include <algorithm>
#include <utility>

namespace perron::httpd {

namespace {

constexpr bool is_boundary_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

/// A name as browsers write it into quotes: percent escapes for '"', CR and LF (WHATWG HTML 4.10.21.8), older
/// clients with a backslash before '"' and '\'. Other backslashes are what they are: parts of Windows paths.
std::string decode_name(std::string_view value) {
  const bool quoted = value.starts_with('"');
  if (quoted)
    value = value.substr(1, value.size() - 2);
  std::string name;
  name.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto rest = value.substr(i);
    if (quoted && (rest.starts_with("\\\"") || rest.starts_with("\\\\"))) {
      name += value[++i];
    } else if (rest.starts_with("%22") || rest.starts_with("%0D") || rest.starts_with("%0A")) {
      name += rest[2] == '2' ? '"' : rest[2] == 'D' ? '\r' : '\n';
      i += 2;
    } else {
      name += value[i];
    }
  }
  return name;
}

/// `form-data; name="a"; filename="b"`, with what is wrong with it.
const char* parse_disposition(std::string_view value, part_head& out) {
  const auto semicolon = std::min(value.find(';'), value.size());
  if (!equal_ignoring_case(detail::trim_blanks(value.substr(0, semicolon)), "form-data"))
    return "a Content-Disposition that is not form-data";
  const auto parameters = parameters_view::parse(value.substr(semicolon));
  if (!parameters)
    return "a malformed Content-Disposition";
  const auto name = parameters->find_raw("name");
  if (!name)
    return "no name";
  out.name = decode_name(*name);
  if (const auto filename = parameters->find_raw("filename"))
    out.filename = decode_name(*filename);
  return nullptr;
}

/// The encodings that leave content as it is (RFC 2045 6.2).
bool is_identity_encoding(std::string_view value) noexcept {
  return equal_ignoring_case(value, "binary") || equal_ignoring_case(value, "8bit") ||
         equal_ignoring_case(value, "7bit");
}

} // namespace

bool is_boundary(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 70 && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), is_boundary_char);
}

multipart_parser::multipart_parser(std::string_view boundary, const multipart_limits& limits)
    : delimiter_("\r\n--"), limits_(limits) {
  delimiter_ += boundary;
}

multipart_parser::event multipart_parser::fail(std::string why) {
  state_ = state::failed;
  fault_ = std::move(why);
  return event::failed;
}

multipart_parser::event multipart_parser::finish() {
  if (state_ == state::ended)
    return event::end;
  return state_ == state::failed ? event::failed : fail("the body ends before its last boundary");
}

multipart_parser::event multipart_parser::next(std::string_view& input) {
  while (!input.empty()) {
    auto happened = event::more;
    switch (state_) {
    case state::preamble:
    case state::content:
      happened = scan(input);
      break;
    case state::head:
      happened = read_head(input);
      break;
    case state::ended:
      input = {};
      break;
    case state::failed:
      input = {};
      return event::failed;
    default:
      happened = read_tail(input);
    }
    if (happened != event::more)
      return happened;
  }
  return event::more;
}

/// Looks for the delimiter. Its CR is the only one in it, so where a match breaks off, no other has begun
/// inside of what matched: all of that is content, and lies in the delimiter itself.
multipart_parser::event multipart_parser::scan(std::string_view& input) {
  const bool is_content = state_ == state::content;
  const std::string_view delimiter = delimiter_;
  if (matched_ > 0) {
    const auto wanted = delimiter.substr(matched_, input.size());
    const auto [there, here] = std::mismatch(wanted.begin(), wanted.end(), input.begin(),
                                             input.begin() + static_cast<std::ptrdiff_t>(wanted.size()));
    const auto same = static_cast<std::size_t>(there - wanted.begin());
    input.remove_prefix(same);
    matched_ += same;
    if (matched_ == delimiter.size()) {
      matched_ = 0;
      state_ = state::tail;
      return is_content ? event::part_end : event::more;
    }
    if (same == wanted.size())
      return event::more;
    data_ = delimiter.substr(0, std::exchange(matched_, 0));
    return is_content ? event::data : event::more;
  }
  std::size_t end = input.find('\r');
  while (end < input.size() && input.substr(end, delimiter.size()) != delimiter.substr(0, input.size() - end))
    end = input.find('\r', end + 1);
  end = std::min(end, input.size());
  data_ = input.substr(0, end);
  input.remove_prefix(end);
  if (!input.empty()) {
    matched_ = 1;
    input.remove_prefix(1);
  }
  return is_content && !data_.empty() ? event::data : event::more;
}

/// What stands behind a boundary: "--" at the last, else blanks and a line's end (RFC 2046 5.1.1).
multipart_parser::event multipart_parser::read_tail(std::string_view& input) {
  const char c = input.front();
  input.remove_prefix(1);
  if (state_ == state::tail && c == '-') {
    state_ = state::closing;
  } else if (state_ == state::closing && c == '-') {
    state_ = state::ended;
    return event::end;
  } else if ((state_ == state::tail || state_ == state::padding) && detail::is_blank(c)) {
    state_ = state::padding;
  } else if ((state_ == state::tail || state_ == state::padding) && c == '\r') {
    state_ = state::line_end;
  } else if (state_ == state::line_end && c == '\n') {
    if (++parts_ > limits_.max_parts)
      return fail("there are more than " + std::to_string(limits_.max_parts) + " parts");
    state_ = state::head;
    head_text_.clear();
  } else {
    return fail("a boundary is followed by something else than a line's end");
  }
  return event::more;
}

multipart_parser::event multipart_parser::read_head(std::string_view& input) {
  const std::size_t line = std::min(input.find('\n'), input.size() - 1) + 1;
  if (head_text_.size() + line > limits_.max_head)
    return fail("the head of a part has more than " + std::to_string(limits_.max_head) + " bytes");
  head_text_ += input.substr(0, line);
  input.remove_prefix(line);
  if (head_text_ != "\r\n" && !head_text_.ends_with("\r\n\r\n"))
    return event::more;
  head_ = {};
  if (const char* wrong = parse_head())
    return fail("part " + std::to_string(parts_) + " has " + wrong);
  state_ = state::content;
  return event::part;
}

const char* multipart_parser::parse_head() {
  bool has_disposition = false;
  bool has_type = false;
  for (std::string_view rest = head_text_; rest != "\r\n";) {
    const auto line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(line.size() + 2);
    if (std::any_of(line.begin(), line.end(), http1::detail::is_control))
      return "a control character in its head";
    const auto colon = line.find(':');
    const auto name = line.substr(0, std::min(colon, line.size()));
    if (colon == std::string_view::npos || !http1::detail::is_token(name))
      return "a line in its head that is no field";
    const auto value = detail::trim_blanks(line.substr(colon + 1));
    if (equal_ignoring_case(name, "Content-Disposition")) {
      if (std::exchange(has_disposition, true))
        return "two Content-Dispositions";
      if (const char* wrong = parse_disposition(value, head_))
        return wrong;
    } else if (equal_ignoring_case(name, "Content-Type")) {
      if (std::exchange(has_type, true))
        return "two Content-Types";
      head_.content_type = value;
    } else if (equal_ignoring_case(name, "Content-Transfer-Encoding") && !is_identity_encoding(value)) {
      return "a Content-Transfer-Encoding, which forms do not have";
    }
  }
  return has_disposition ? nullptr : "no Content-Disposition";
}

std::string safe_file_name(std::string_view sent) {
  constexpr std::size_t most = 128;
  const auto slash = sent.find_last_of("/\\");
  if (slash != std::string_view::npos)
    sent.remove_prefix(slash + 1);
  std::string name;
  for (const char c : sent) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (name.empty() && (c == '.' || c == ' ')))
      continue;
    name += std::string_view(":*?\"<>|$`&;'%!").find(c) != std::string_view::npos ? '_' : c;
  }
  if (name.size() > most) { // at the front of a character, with the extension if it is short
    const auto dot = name.rfind('.');
    const auto extension =
        dot != std::string::npos && name.size() - dot <= 16 ? name.substr(dot) : std::string();
    std::size_t kept = most - extension.size();
    for (int i = 0; i < 3 && (static_cast<unsigned char>(name[kept]) & 0xc0U) == 0x80; ++i)
      --kept;
    name = name.substr(0, kept) + extension;
  }
  while (!name.empty() && (name.back() == '.' || name.back() == ' '))
    name.pop_back();
  if (name.starts_with('-'))
    name.front() = '_';
  return name.empty() ? "file" : name;
}

} // namespace perron::httpd
