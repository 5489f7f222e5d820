// SPDX-License-Identifier: BSD-3-Clause
#include "reading.hpp"

#include "../parsed_head.hpp"

#include <perron/httpd/http1/chunked_decoder.hpp>
#include <perron/httpd/http1/request_head.hpp>
#include <perron/httpd/http1/trailer_section.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace perron::differential {
namespace {

using namespace httpd;

constexpr std::size_t most_fields = 128;

/// Between the value of a field and the end of its line.
bool has_tab_behind(std::string_view value) {
  const char* at = value.data() + value.size();
  while (*at == ' ')
    ++at;
  return *at == '\t';
}

void note_head(std::string_view bytes, const http1::request_head& head, reading& out) {
  out.method = head.method;
  out.target = head.target;
  out.minor_version = head.minor_version;
  out.keep_alive = head.keep_alive;
  out.chunked = head.chunked;
  out.skipped_lines = head.method.data() != bytes.data();
  out.later_minor = head.target.data()[head.target.size() + sizeof(" HTTP/1.") - 1] > '1';
  for (const auto& [name, value] : head.headers()) {
    out.fields.emplace_back(name, value);
    if (equal_ignoring_case(name, "content-length") || equal_ignoring_case(name, "connection") ||
        equal_ignoring_case(name, "transfer-encoding"))
      out.tab_behind_value = out.tab_behind_value || has_tab_behind(value);
  }
}

/// Content in one piece, from the front of `rest`.
void read_sized(std::string_view rest, std::uint64_t size, reading& out) {
  out.content = rest.substr(0, std::min<std::uint64_t>(size, rest.size()));
  if (size > rest.size())
    return;
  out.how = reading::outcome::complete;
  out.consumed += out.content.size();
}

/// Whether a CR or LF stands alone; what may come behind the text is not known.
bool has_bare_line_end(std::string_view text) {
  for (std::size_t at = text.find_first_of("\r\n"); at < text.size(); at = text.find_first_of("\r\n", at + 2))
    if (text[at] == '\n' || (at + 1 < text.size() && text[at + 1] != '\n'))
      return true;
  return false;
}

void read_trailers(std::string_view rest, reading& out) {
  std::size_t size = 2;
  if (!rest.starts_with("\r\n")) {
    size = rest.find("\r\n\r\n");
    if (size == std::string_view::npos) {
      if (has_bare_line_end(rest)) { // whatever comes behind it
        out.how = reading::outcome::bad;
        out.why = "bare CR or LF in a trailer section";
      }
      return;
    }
    size += 4;
  }
  std::array<header_field, most_fields> fields;
  const http1::trailer_result found = http1::parse_trailer_section(rest.substr(0, size), fields);
  if (found.outcome == http1::head_outcome::bad) {
    out.how = reading::outcome::bad;
    out.why = found.what;
  } else if (found.outcome == http1::head_outcome::complete) {
    out.how = reading::outcome::complete;
    out.consumed += found.consumed;
    for (std::size_t i = 0; i < found.count; ++i)
      out.trailers.emplace_back(fields[i].name, fields[i].value);
  }
}

/// Whether hexadecimal digits, blanks and among these a tab begin at `at`.
bool is_tab_behind_digits(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) == "\r\n") // of the chunk before
    at += 2;
  at = std::min(text.find_first_not_of("0123456789abcdefABCDEF", at), text.size());
  at = std::min(text.find_first_not_of(' ', at), text.size());
  return at < text.size() && text[at] == '\t';
}

/// With `cuts`, in pieces that end there.
void read_chunked(std::string_view rest, const std::vector<std::size_t>& cuts, reading& out) {
  http1::chunked_decoder decoder;
  std::size_t used = 0;
  for (const std::size_t cut : cuts) {
    while (used < cut) {
      const http1::chunk_step step = decoder.next(rest.substr(used, cut - used));
      if (is_tab_behind_digits(rest, used))
        out.tab_behind_size = true;
      out.content += step.content;
      used += step.consumed;
      if (step.outcome == http1::chunk_outcome::need_more)
        break;
      if (step.outcome == http1::chunk_outcome::bad) {
        out.how = reading::outcome::bad;
        out.why = step.what;
        return;
      }
      if (step.outcome == http1::chunk_outcome::last) {
        out.consumed += used;
        read_trailers(rest.substr(used), out);
        return;
      }
    }
  }
}

/// `rest` begins at `offset`, from which the cuts are not counted.
bool is_same_content_in_pieces(std::string_view rest, std::size_t offset,
                               const std::vector<std::size_t>& cuts) {
  std::vector<std::size_t> of_rest;
  for (const std::size_t cut : cuts)
    if (cut > offset)
      of_rest.push_back(cut - offset);
  reading whole;
  read_chunked(rest, {rest.size()}, whole);
  reading pieces;
  read_chunked(rest, of_rest, pieces);
  return whole.how == pieces.how && whole.why == pieces.why && whole.content == pieces.content &&
         whole.consumed == pieces.consumed && whole.trailers == pieces.trailers;
}

} // namespace

reading read_with_perron(std::string_view bytes) {
  reading out;
  std::array<header_field, most_fields> fields;
  http1::request_head head{std::span<header_field>(fields)};
  const http1::head_result found = http1::parse_request_head(bytes, head);
  if (found.outcome == http1::head_outcome::bad) {
    out.how = reading::outcome::bad;
    out.why = found.what;
  } else if (found.outcome == http1::head_outcome::complete) {
    note_head(bytes, head, out);
    out.consumed = found.consumed;
    const std::string_view rest = bytes.substr(found.consumed);
    if (head.chunked)
      read_chunked(rest, {rest.size()}, out);
    else
      read_sized(rest, head.content_length.value_or(0), out);
  }
  return out;
}

bool is_same_in_pieces(std::string_view bytes, const std::vector<std::size_t>& cuts) {
  std::array<header_field, most_fields> fields_of_whole;
  http1::request_head head_of_whole{std::span<header_field>(fields_of_whole)};
  const http1::head_result whole = http1::parse_request_head(bytes, head_of_whole);
  std::array<header_field, most_fields> fields;
  http1::request_head head{std::span<header_field>(fields)};
  http1::head_progress progress;
  std::string buffers[2];
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    buffers[i % 2].assign(bytes, 0, cuts[i]);
    buffers[(i + 1) % 2].assign(cuts[i], '?');
    const http1::head_result found = http1::parse_request_head(buffers[i % 2], progress, head);
    if (found.outcome == http1::head_outcome::need_more && cuts[i] != bytes.size())
      continue;
    if (!tests::same_result(found, whole))
      return false;
    if (found.outcome != http1::head_outcome::complete)
      return true;
    return tests::same_head(head, head_of_whole) &&
           (!head.chunked || is_same_content_in_pieces(bytes.substr(found.consumed), found.consumed, cuts));
  }
  return true;
}

} // namespace perron::differential
