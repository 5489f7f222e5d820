// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/answer_reader.hpp>

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace perron::soak {

namespace {

using place = answer_state::place;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

bool same(std::string_view text, std::string_view name) {
  return text.size() == name.size() && strncasecmp(text.data(), name.data(), name.size()) == 0;
}

template <class Number>
bool whole_number(std::string_view text, Number& to, int base = 10) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), to, base);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

answer_step wrong(const char* what) { return {.used = 0, .body = {}, .whole = false, .wrong = what}; }

/// What the fields of a head say of its body.
struct head_fields {
  bool has_length = false;
  bool chunked = false;
  std::uint64_t length = 0;
};

const char* read_field(std::string_view line, answer_state& state, head_fields& fields) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return "a header line without a name";
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (same(name, "content-length")) {
    const bool again = fields.has_length;
    std::uint64_t length = 0;
    if (!whole_number(value, length) || (again && length != fields.length))
      return "Content-Length is not a number";
    fields.length = length;
    fields.has_length = true;
  } else if (same(name, "transfer-encoding")) {
    if (!same(value, "chunked"))
      return "a Transfer-Encoding other than chunked";
    fields.chunked = true;
  } else if (same(name, "connection")) {
    state.closes = state.closes || same(value, "close");
  }
  return nullptr;
}

const char* read_head(std::string_view head, answer_state& state, head_fields& fields) {
  const std::size_t first = head.find("\r\n");
  const std::string_view line = head.substr(0, first);
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ' ||
      (line.size() > 12 && line[12] != ' ') || !whole_number(line.substr(9, 3), state.status) ||
      state.status < 100)
    return "no status line";
  state.closes = line[7] == '0';
  head.remove_prefix(std::min(head.size(), line.size() + 2));
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    if (end == 0 || end == std::string_view::npos)
      return "a header line without its end";
    if (const char* const bad = read_field(head.substr(0, end), state, fields))
      return bad;
    head.remove_prefix(end + 2);
  }
  return nullptr;
}

answer_step head_step(answer_state& state, std::string_view input) {
  const std::size_t end = input.find("\r\n\r\n");
  if (end == std::string_view::npos || end > most_head) {
    if (input.size() > most_head)
      return wrong("a head without an end");
    return {};
  }
  head_fields fields;
  if (const char* const bad = read_head(input.substr(0, end + 2), state, fields))
    return wrong(bad);
  answer_step step{.used = end + 4, .body = {}, .whole = false, .wrong = nullptr};
  if (state.status < 200 && state.status != 101)
    return step;
  if (state.status < 200 || state.status == 204 || state.status == 304) {
    step.whole = true;
  } else if (fields.chunked) {
    state.at = place::chunk_size;
  } else if (fields.has_length) {
    state.left = fields.length;
    state.at = place::body;
    step.whole = fields.length == 0;
  } else {
    state.at = place::until_close;
  }
  if (step.whole)
    state.at = place::head;
  return step;
}

/// A piece of what has a known length.
answer_step piece_step(answer_state& state, std::string_view input) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(state.left, input.size()));
  state.left -= size;
  return {.used = size, .body = input.substr(0, size), .whole = false, .wrong = nullptr};
}

answer_step size_step(answer_state& state, std::string_view input) {
  constexpr std::size_t most_line = 256;
  const std::size_t end = input.find("\r\n");
  if (end == std::string_view::npos || end > most_line) {
    if (input.size() > most_line)
      return wrong("a chunk's size without an end");
    return {};
  }
  const std::string_view size = trimmed(input.substr(0, std::min(end, input.find(';'))));
  if (!whole_number(size, state.left, 16) || state.left > std::numeric_limits<std::uint64_t>::max() / 2)
    return wrong("a chunk's size is not a number");
  state.at = state.left == 0 ? place::trailer : place::chunk;
  return {.used = end + 2, .body = {}, .whole = false, .wrong = nullptr};
}

answer_step trailer_step(answer_state& state, std::string_view input) {
  const std::size_t end = input.find("\r\n");
  if (end == std::string_view::npos || end > most_head) {
    if (input.size() > most_head)
      return wrong("a trailer without an end");
    return {};
  }
  if (end == 0)
    state.at = place::head;
  return {.used = end + 2, .body = {}, .whole = end == 0, .wrong = nullptr};
}

} // namespace

answer_step next_step(answer_state& state, std::string_view input) {
  switch (state.at) {
  case place::head:
    return head_step(state, input);
  case place::body: {
    answer_step step = piece_step(state, input);
    if (state.left == 0) {
      step.whole = true;
      state.at = place::head;
    }
    return step;
  }
  case place::until_close:
    return {.used = input.size(), .body = input, .whole = false, .wrong = nullptr};
  case place::chunk_size:
    return size_step(state, input);
  case place::chunk: {
    const answer_step step = piece_step(state, input);
    if (state.left == 0)
      state.at = place::chunk_end;
    return step;
  }
  case place::chunk_end:
    if (input.size() < 2)
      return {};
    if (!input.starts_with("\r\n"))
      return wrong("a chunk that is longer than it says");
    state.at = place::chunk_size;
    return {.used = 2, .body = {}, .whole = false, .wrong = nullptr};
  case place::trailer:
    return trailer_step(state, input);
  }
  return wrong("no such place");
}

} // namespace perron::soak
